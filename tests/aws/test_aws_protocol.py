"""What is no proper request of AWS's: always an answer in AWS's shape, soon, and never a stack trace."""

import socket
import time
from collections.abc import Callable
from xml.etree.ElementTree import fromstring

import httpx
import pytest
from account import Account, code, raw
from driver import ACCEPT
from live import Server

FORM = {"content-type": "application/x-www-form-urlencoded"}
MOST = 5.0
"""Seconds that the longest answer may take on a busy machine."""
ENDPOINTS = b"Action=DescribeVpcEndpoints"


def error_of(answer: httpx.Response) -> str:
    """The code of an error of EC2's, which is whole and tells nothing of our inside."""
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text
    assert answer.headers["content-type"] == "text/xml;charset=UTF-8"
    root = fromstring(answer.text)  # noqa: S314 -- of our own server
    assert root.tag == "Response", answer.text
    assert root.findtext("RequestID") == answer.headers["x-amzn-requestid"]
    assert root.findtext("Errors/Error/Message")
    return root.findtext("Errors/Error/Code") or ""


def many(name: str, count: int, value: str = "x") -> bytes:
    """So many values of a list."""
    return "".join(f"&{name}.{number}={value}{number}" for number in range(1, count + 1)).encode()


BAD: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "MissingAction"),
    "no action": (b"Version=2016-11-15", 400, "MissingAction"),
    "an empty action": (b"Action=", 400, "MissingAction"),
    "an unknown action": (b"Action=Harbor&Version=2016-11-15", 400, "InvalidAction"),
    "an action of another case": (b"Action=describevpcendpoints", 400, "InvalidAction"),
    "an unknown parameter": (ENDPOINTS + b"&Harbor.1=x", 400, "UnknownParameter"),
    "a list without numbers": (ENDPOINTS + b"&VpcEndpointId.x=y", 400, "UnknownParameter"),
    "a large number": (ENDPOINTS + b"&VpcEndpointId.99999999999=y", 400, "UnknownParameter"),
    "digits of other scripts": (ENDPOINTS + "&VpcEndpointId.٣=y".encode(), 400, "UnknownParameter"),
    "a filter without a name": (ENDPOINTS + b"&Filter.1.Value.1=x", 400, "MissingParameter"),
    "an unknown filter": (ENDPOINTS + b"&Filter.1.Name=harbor&Filter.1.Value.1=x", 400, "InvalidParameterValue"),
    "no number": (ENDPOINTS + b"&MaxResults=ten", 400, "InvalidParameterValue"),
    "a negative number": (ENDPOINTS + b"&MaxResults=-1", 400, "InvalidParameterValue"),
    "a huge number": (ENDPOINTS + b"&MaxResults=" + b"9" * 5_000, 400, "InvalidParameterValue"),
    "no flag": (ENDPOINTS + b"&DryRun=perhaps", 400, "InvalidParameterValue"),
    "NUL": (ENDPOINTS + b"&VpcEndpointId.1=%00", 400, "InvalidParameterValue"),
    "control characters": (b"Action=CreateTags&ResourceId.1=x&Tag.1.Key=%1b%07", 400, "InvalidParameterValue"),
    "a lone surrogate": (ENDPOINTS + b"&VpcEndpointId.1=%ed%a0%80", 400, "InvalidVpcEndpointId.NotFound"),
    "no UTF-8": (b"\xff\xfe\xfd", 400, "MalformedQueryString"),
    "no UTF-8, escaped": (ENDPOINTS + b"&VpcEndpointId.1=%ff", 400, "InvalidVpcEndpointId.NotFound"),
    "other scripts": (ENDPOINTS + "&VpcEndpointId.1=港🚢".encode(), 400, "InvalidVpcEndpointId.NotFound"),
    "markup": (ENDPOINTS + b"&VpcEndpointId.1=%3C/Code%3E%26", 400, "InvalidVpcEndpointId.NotFound"),
    "JSON": (b'{"Action": "DescribeVpcEndpoints"}', 400, "MissingAction"),
    "too many fields": (ENDPOINTS + many("VpcEndpointId", 10_001), 400, "MalformedQueryString"),
    "too many bytes": (ENDPOINTS + b"&A=" + b"%41" * 400_000, 413, "RequestEntityTooLarge"),
    "a required parameter is missing": (b"Action=DeleteVpcEndpoints", 400, "MissingParameter"),
    "nothing to tag": (b"Action=CreateTags&Tag.1.Key=a", 400, "MissingParameter"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_form_has_awss_error(http: httpx.Client, account: Account, kind: str) -> None:
    """400 and the code that AWS would give; nothing changes."""
    body, status, wanted = BAD[kind]
    before = account.everything()
    answer = raw(http, account.keys.id, body)
    assert (answer.status_code, error_of(answer)) == (status, wanted)
    assert account.everything() == before


@pytest.mark.parametrize(
    "body",
    [
        ENDPOINTS + many("VpcEndpointId", 9_900, "vpce-"),
        ENDPOINTS + many("Filter", 4_900, "Name=").replace(b"=Name=", b".Name=tag:"),
        ENDPOINTS + b"&Filter.1.Name=vpc-id" + many("Filter.1.Value", 9_900, "*"),
        b"Action=DeleteVpcEndpoints" + many("VpcEndpointId", 9_900, "vpce-"),
        b"Action=CreateTags&Tag.1.Key=a" + many("ResourceId", 9_900, "vpc-"),
        b"Action=DescribeNetworkInterfaces" + many("NetworkInterfaceId", 9_900, "eni-"),
        b"Action=DescribeVpcEndpointServices" + many("ServiceName", 9_900, "com.amazonaws.vpce."),
        b"Action=CreateVpcEndpoint&VpcEndpointType=Interface&ServiceName=com.amazonaws.vpce.x&VpcId=vpc-1"
        + many("SubnetId", 9_900, "subnet-"),
    ],
    ids=["ids", "filters", "values", "deletes", "tags", "interfaces", "services", "subnets"],
)
def test_a_long_list_holds_nobody_up(http: httpx.Client, account: Account, body: bytes) -> None:
    """However many are named, within the bound: an answer soon."""
    assert account.service
    assert account.vpc
    began = time.monotonic()
    answer = raw(http, account.keys.id, body)
    assert answer.status_code in {200, 400}
    assert time.monotonic() - began < MOST


def test_a_request_that_nobody_signed_says_so(http: httpx.Client) -> None:
    """A form that is posted to the root is AWS's; without, or with another, authorization it is nobody's."""
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": "AWS4-HMAC-SHA256 Credential=x"}):
        answer = http.post("/", content=ENDPOINTS, headers=FORM | headers)
        assert (answer.status_code, error_of(answer)) == (403, "MissingAuthenticationToken")


def test_a_query_will_do_for_a_form(http: httpx.Client, account: Account) -> None:
    """GET with the parameters in its query is the same request; HEAD has no body."""
    endpoint = account.made()["VpcEndpointId"]
    path = f"/?{ENDPOINTS.decode()}&Version=2016-11-15"
    assert endpoint in raw(http, account.keys.id, b"", method="GET", path=path).text
    head = raw(http, account.keys.id, b"", method="HEAD", path=path)
    assert (head.status_code, head.content) == (200, b"")
    assert error_of(raw(http, account.keys.id, b"", method="GET", path="/?Action=%ff%00")) == "InvalidParameterValue"


def test_errors_have_the_shape_of_their_service(http: httpx.Client) -> None:
    """Those of STS and IAM are no EC2's, those of S3 neither, and JSON is answered by JSON."""
    keys = "AKIAKGM0000000000000"
    assert "<ErrorResponse" in raw(http, keys, b"Action=GetCallerIdentity", "sts").text
    assert "<ErrorResponse" in raw(http, keys, b"Action=ListUsers", "iam").text
    assert raw(http, keys, b"", "s3", method="GET").text.startswith("<Error><Code>InvalidAccessKeyId</Code>")
    answer = raw(http, keys, b"{}", "dynamodb", **{"content-type": "application/x-amz-json-1.0"})
    assert answer.json()["__type"] == "InvalidClientTokenId"


@pytest.mark.parametrize(
    ("service", "method", "path"),
    [
        ("ec2", "POST", "/harbor"), ("ec2", "DELETE", "/harbor"), ("harbor", "POST", "/"), ("lambda", "GET", "/harbor"),
        ("dynamodb", "POST", "/"), ("s3", "PATCH", "/harbor"), ("s3", "GET", "/%00"), ("ec2", "POST", "/%ff/../%2e"),
        ("s3", "PUT", "/?%ff=%00"), ("braket", "GET", "/jobs"),
    ],
)  # fmt: skip
def test_what_the_emulator_does_not_know_is_no_bug(
    http: httpx.Client, account: Account, service: str, method: str, path: str
) -> None:
    """Odd services, methods and paths are refused, not failed at."""
    answer = raw(http, account.keys.id, b"Action=X", service, method=method, path=path)
    assert answer.status_code < 500 or "<Code>Unavailable</Code>" in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/moto-api/reset", "/%6doto-api/reset", "//moto-api/reset", "//x/../moto-api/reset"])
def test_nobody_steers_the_emulator(http: httpx.Client, account: Account, path: str) -> None:
    """Its own way to forget everything would be everybody's; a signed request does not get there."""
    vpc = account.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    raw(http, account.keys.id, b"", path=path)
    assert account.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]


def test_heroku_and_aws_do_not_meet(http: httpx.Client, account: Account) -> None:
    """A signed request for a path of Heroku's is S3's; a Heroku client's is Heroku's, whatever it asks for."""
    account.post("/apps", {"name": "ferry"})
    assert code(account.boto("s3").list_objects_v2, Bucket="apps") == "NoSuchBucket"
    account.boto("s3").create_bucket(Bucket="apps")
    assert account.boto("s3").list_objects_v2(Bucket="apps")["KeyCount"] == 0
    assert [each["name"] for each in account.get("/apps")] == ["ferry"]
    assert raw(http, account.keys.id, b"", "s3", method="GET", path="/_sim/sandboxes").status_code == 404
    headers = {"accept": ACCEPT, "authorization": f"Bearer {account.key}"}
    for path in ("/apps?Action=DescribeVpcEndpoints", "/?Action=DescribeVpcEndpoints"):
        answer = http.get(path, headers=headers)
        assert answer.headers["content-type"] == "application/json"
    answer = http.post("/apps", content=ENDPOINTS, headers=headers | FORM)
    assert (answer.status_code, answer.json()["id"]) == (422, "invalid_params")


def test_half_a_request_is_none(server: Server, account: Account) -> None:
    """A client that leaves before the end of its form has asked for nothing."""
    endpoint = account.made()["VpcEndpointId"]
    form = f"Action=DeleteVpcEndpoints&VpcEndpointId.1={endpoint}"
    scope = f"{account.keys.id}/20300101/us-east-1/ec2/aws4_request"
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM['content-type']}\r\nContent-Length: {len(form) + 9}\r\n"
        f"Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none\r\n\r\n"
    )
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall((head + form).encode())
    assert account.described(endpoint)["State"] == "pendingAcceptance"


def test_a_sandbox_that_goes_meanwhile_is_an_error(http: httpx.Client, server: Server) -> None:
    """Its keys open nothing from one request to the next."""
    with server.client() as own:
        account = Account.make(own, None)
        ask: Callable[[], httpx.Response] = lambda: raw(http, account.keys.id, ENDPOINTS)  # noqa: E731
        assert ask().status_code == 200
        own.delete(f"/_sim/sandboxes/{account.name}")
        assert (ask().status_code, error_of(ask())) == (401, "AuthFailure")
