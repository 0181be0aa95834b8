"""SigV4 signatures, checked by the library that makes them (botocore), clock skew included."""

import hmac
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from kagemusha.api.aws.credentials import Scope
from kagemusha.api.aws.messages import AwsRequest
from kagemusha.domain.errors import AwsError, Unauthorized
from kagemusha.services.aws_credentials import Caller

MOST_SKEW = 300
"""Seconds that a request's moment may be away from the system's clock (known: 5 minutes for EC2)."""


def check(request: AwsRequest, signed: Scope, caller: Caller, system: int) -> None:
    """Raise Unauthorized for a wrong signature or an unknown secret, AwsError RequestExpired for an old one."""
    if caller.secret_access_key is None:
        raise Unauthorized("AWS was not able to validate the provided access credentials")
    query = dict(parse_qsl(request.path.partition("?")[2]))
    moment = request.headers.get("x-amz-date") or query.get("X-Amz-Date", "")
    _check_moment(moment, int(query.get("X-Amz-Expires", MOST_SKEW)), system)
    given = _given(request, query)
    token = request.headers.get("x-amz-security-token") or query.get("X-Amz-Security-Token")
    wanted = _signature(request, signed, caller, moment, query)
    if token != caller.session_token or not hmac.compare_digest(given, wanted):
        message = "The request signature we calculated does not match the signature you provided."
        raise AwsError("AuthFailure" if signed.service == "ec2" else "SignatureDoesNotMatch", message)


def _check_moment(moment: str, lasts: int, system: int) -> None:
    try:
        at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise AwsError("IncompleteSignature", "Date must be in ISO-8601 'basic format'.") from None
    if not -MOST_SKEW <= system / 1_000 - at <= max(lasts, MOST_SKEW):
        raise AwsError("RequestExpired", "Request has expired.")


def _given(request: AwsRequest, query: dict[str, str]) -> str:
    header = request.headers.get("authorization", "")
    return header.partition("Signature=")[2].strip() or query.get("X-Amz-Signature", "")


def _signature(request: AwsRequest, signed: Scope, caller: Caller, moment: str, query: dict[str, str]) -> str:
    header = request.headers.get("authorization", "")
    names = (header.partition("SignedHeaders=")[2].split(",")[0] or query.get("X-Amz-SignedHeaders", "")).split(";")
    path, _, text = request.path.partition("?")
    kept = "&".join(part for part in text.split("&") if not part.startswith("X-Amz-Signature="))
    url = f"http://{request.headers.get('host', '')}{path}" + (f"?{kept}" if kept else "")
    made = AWSRequest(
        method=request.method,
        url=url,
        data=request.body,
        headers={name: request.headers[name] for name in names if name in request.headers},
    )
    made.context["timestamp"] = moment
    kind = S3SigV4Auth if signed.service == "s3" else SigV4Auth
    auth = kind(Credentials(caller.access_key_id, caller.secret_access_key), signed.service, signed.region)
    auth.timestamp = moment
    canonical = auth.canonical_request(made)
    signature: str = auth.signature(auth.string_to_sign(made, canonical), made)
    return signature
