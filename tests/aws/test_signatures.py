"""`--verify-signatures`: what was not signed with the key's secret, as it is and not long ago, is refused."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from account import Account, Keys, code
from botocore.auth import S3SigV4Auth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from fastapi.testclient import TestClient
from kagemusha.clock import system_now
from kagemusha.main import create_app
from kagemusha.settings import Settings
from live import serving

BASE = "http://127.0.0.1:8765"
FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"


@pytest.fixture(scope="module")
def verifying() -> Iterator[httpx.Client]:
    """A client of a server that verifies."""
    with serving("--ephemeral", "--verify-signatures") as server, server.client() as client:
        yield client


@pytest.fixture
def verified(verifying: httpx.Client) -> Iterator[Account]:
    """An account there."""
    account = Account.make(verifying, None)
    yield account
    verifying.delete(f"/_sim/sandboxes/{account.name}")


@dataclass
class Desk:
    """A server in this process whose clock is `ahead` of the machine's by so many seconds."""

    client: Any = None
    ahead: float = 0
    keys: Keys = field(default_factory=lambda: Keys("", ""))

    def sign(self, kind: Any = SigV4Auth, keys: Keys | None = None, service: str = "sts", **more: Any) -> AWSRequest:
        """A signed request."""
        asked = {"method": "POST", "url": f"{BASE}/", "data": IDENTITY, "headers": dict(FORM)} | more
        request = AWSRequest(**asked)
        given = keys or self.keys
        kind(Credentials(given.id, given.secret, given.token), service, "us-east-1").add_auth(request)
        return request

    def send(self, request: AWSRequest, **more: Any) -> tuple[int, str]:
        """The status and error code of the answer."""
        headers = dict(request.headers.items()) | more.pop("headers", {})
        asked = {"method": request.method, "url": request.url, "content": request.data} | more
        answer = self.client.request(**asked, headers=headers)
        return answer.status_code, answer.text.partition("<Code>")[2].partition("</Code>")[0]


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """See Desk."""
    made = Desk()
    settings = Settings(ephemeral=True, verify_signatures=True)
    app = create_app(settings, lambda: system_now() + round(made.ahead * 1_000))
    with TestClient(app, base_url=BASE) as client:
        aws = client.get("/_sim/sandboxes/default").json()["aws"]
        made.client, made.keys = client, Keys(aws["access_key_id"], aws["secret_access_key"])
        yield made


def test_boto3_signs_as_it_should(verified: Account) -> None:
    """EC2, STS, IAM and S3, with a sandbox's key, an issued one and a session's; odd paths and metadata included."""
    session = verified.boto("sts")
    verified.issued("role/deploy")
    arn = f"arn:aws:iam::{verified.id}:role/deploy"
    role = Keys.of_role(session.assume_role(RoleArn=arn, RoleSessionName="night-shift"))
    assert verified.made()["State"] == "pendingAcceptance"
    for number, keys in enumerate((verified.keys, verified.issued("user/abc.xyz"), role)):
        assert verified.boto("sts", keys).get_caller_identity()["Account"] == verified.id
        assert verified.boto("ec2", keys).describe_vpcs()["Vpcs"]
        assert verified.boto("iam", keys).list_users()["Users"] == []
        s3, bucket = verified.boto("s3", keys), f"harbor-{number}"
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="a b/é//+&=", Body=b"cargo" * 1_000, Metadata={"ship": "ferry"})
        assert s3.get_object(Bucket=bucket, Key="a b/é//+&=")["Body"].read() == b"cargo" * 1_000
        assert [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="a ")["Contents"]] == ["a b/é//+&="]


@pytest.mark.parametrize("version", [{}, {"signature_version": "s3v4"}], ids=["old", "new"])
def test_presigned_urls_are_good_for_what_they_say(verified: Account, version: dict[str, str]) -> None:
    """Of the old kind and of the new; not for another object, nor with another secret."""
    s3 = verified.boto("s3", **version)
    s3.create_bucket(Bucket="harbor")
    s3.put_object(Bucket="harbor", Key="a b", Body=b"cargo")
    s3.put_object(Bucket="harbor", Key="other", Body=b"secret")
    asked = {"Params": {"Bucket": "harbor", "Key": "a b"}}
    good = s3.generate_presigned_url("get_object", **asked)
    assert ("AWSAccessKeyId=" in good) == (not version)
    forger = verified.boto("s3", Keys(verified.keys.id, "guess"), **version)
    forged = forger.generate_presigned_url("get_object", **asked)
    answers = [verified.client.get(url) for url in (good, forged, good.replace("a%20b", "other"))]
    assert [each.status_code for each in answers] == [200, 403, 403]
    assert answers[0].content == b"cargo"
    assert all("<Code>SignatureDoesNotMatch</Code>" in each.text for each in answers[1:])
    brief = s3.generate_presigned_url("get_object", **asked, ExpiresIn=60)
    assert verified.client.get(brief).content == b"cargo"
    put = s3.generate_presigned_url("put_object", Params={"Bucket": "harbor", "Key": "new"})
    assert verified.client.put(put, content=b"more").status_code == 200
    assert s3.get_object(Bucket="harbor", Key="new")["Body"].read() == b"more"


def test_a_wrong_secret_is_refused_by_every_service(verified: Account) -> None:
    """In each one's own words; so is a key that nobody issued, open as the server may be."""
    for keys in (Keys(verified.keys.id, "guess"), Keys("AKIAIOSFODNN7EXAMPLE", "guess")):
        known = keys.id == verified.keys.id
        assert code(verified.boto("ec2", keys).describe_vpc_endpoints) == "AuthFailure"
        wanted = "SignatureDoesNotMatch" if known else "InvalidClientTokenId"
        assert code(verified.boto("sts", keys).get_caller_identity) == wanted
        assert code(verified.boto("s3", keys).list_buckets) == (
            "SignatureDoesNotMatch" if known else "InvalidAccessKeyId"
        )


def test_a_request_is_refused_that_is_not_what_was_signed(desk: Desk) -> None:
    """Another body, query, path, method or signed header; what was not signed may change."""
    mismatch = (403, "SignatureDoesNotMatch")
    assert desk.send(desk.sign()) == (200, "")
    assert desk.send(desk.sign(), headers={"x-more": "1"}) == (200, "")
    assert desk.send(desk.sign(), content=IDENTITY + b"&a=b") == mismatch
    assert desk.send(desk.sign(), url=f"{BASE}/?a=b") == mismatch
    assert desk.send(desk.sign(), method="PUT") == mismatch
    assert desk.send(desk.sign(), headers={"Content-Type": f"{FORM['Content-Type']} "}) == (200, "")
    assert desk.send(desk.sign(), headers={"Content-Type": FORM["Content-Type"].upper().lower() + "; a=b"}) == mismatch
    assert desk.send(desk.sign(), headers={"Host": "localhost"}) == mismatch
    put = desk.sign(S3SigV4Auth, service="s3", method="PUT", url=f"{BASE}/harbor/cargo", data=b"cargo", headers={})
    assert desk.send(put, content=b"cargO") == mismatch


@pytest.mark.parametrize(
    ("ahead", "wanted"),
    [
        (0, (200, "")),
        (290, (200, "")),
        (-290, (200, "")),
        (310, (400, "RequestExpired")),
        (-310, (400, "RequestExpired")),
    ],
)
def test_a_request_is_good_for_five_minutes(desk: Desk, ahead: float, wanted: tuple[int, str]) -> None:
    """Before and after its moment."""
    request = desk.sign()
    desk.ahead = ahead
    assert desk.send(request) == wanted
    desk.ahead = 0


def test_a_presigned_request_is_good_for_as_long_as_it_says(desk: Desk) -> None:
    """A URL of STS for a minute is good after 50 seconds and not after 70."""
    asked = {"method": "GET", "url": f"{BASE}/?{IDENTITY.decode()}", "data": b"", "headers": {}}
    request = desk.sign(lambda *who: SigV4QueryAuth(*who, expires=60), **asked)
    got = []
    for desk.ahead in (0, 50, 70):
        got.append(desk.send(request))
    desk.ahead = 0
    assert got == [(200, ""), (200, ""), (400, "RequestExpired")]


def test_what_is_no_signature_is_told_apart(desk: Desk) -> None:
    """No moment, no number of seconds, no signature, and a session without its token."""
    day = (datetime.now(UTC) + timedelta(0)).strftime("%Y%m%d")
    scope = f"{desk.keys.id}/{day}/us-east-1/sts/aws4_request"
    bare = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=é"}
    bare["Authorization"] = bare["Authorization"].encode("latin-1")  # type: ignore[assignment]
    assert desk.send(AWSRequest("POST", f"{BASE}/", data=IDENTITY), headers=bare | FORM) == (400, "IncompleteSignature")
    good = desk.sign()
    assert desk.send(good, headers={"Authorization": bare["Authorization"]}) == (403, "SignatureDoesNotMatch")
    presigned = f"{BASE}/?X-Amz-Credential={scope}&X-Amz-Date={good.context['timestamp']}&X-Amz-Signature=x"
    for more in ("", "&X-Amz-Expires=", "&X-Amz-Expires=-1", "&X-Amz-Expires=1e9", "&X-Amz-Expires=" + "9" * 99):
        wanted = (400, "AuthorizationQueryParametersError")
        assert desk.send(AWSRequest("GET", presigned + more), headers={}) == wanted
    old = f"{BASE}/harbor?AWSAccessKeyId={desk.keys.id}&Signature=x&Expires="
    assert desk.send(AWSRequest("GET", f"{old}soon"))[0] == 400
    assert desk.send(AWSRequest("GET", f"{old}1"))[1] == "AccessDenied"
    issued = desk.client.post(
        "/_sim/sandboxes/default/aws-credentials", json={"principal": "123456789101:role/deploy"}
    ).json()
    asked = b"Action=AssumeRole&RoleArn=arn:aws:iam::123456789101:role/deploy&RoleSessionName=ab"
    role = desk.client.request(
        **_sent(desk.sign(keys=Keys(issued["access_key_id"], issued["secret_access_key"]), data=asked))
    )
    parts = [role.text.partition(f"<{name}>")[2].partition("<")[0] for name in ("AccessKeyId", "SecretAccessKey")]
    assert desk.send(desk.sign(keys=Keys(*parts))) == (403, "SignatureDoesNotMatch")
    token = role.text.partition("<SessionToken>")[2].partition("<")[0]
    assert desk.send(desk.sign(keys=Keys(*parts, token))) == (200, "")
    assert desk.send(desk.sign(keys=Keys(*parts, f"{token}x"))) == (403, "SignatureDoesNotMatch")


def _sent(request: AWSRequest) -> dict[str, Any]:
    return {
        "method": request.method, "url": request.url, "content": request.data, "headers": dict(request.headers.items())
    }  # fmt: skip
