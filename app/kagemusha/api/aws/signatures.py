"""Signatures, checked by the library that makes them (botocore), clock skew included."""

import hmac
import re
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import SplitResult, parse_qsl, urlsplit

from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from kagemusha.api.aws.credentials import Scope
from kagemusha.api.aws.messages import AwsRequest
from kagemusha.domain.errors import AwsError, Unauthorized
from kagemusha.services.aws_credentials import Caller

MOST_SKEW = 300
"""Seconds that a request's moment may be away from the system's clock (known: 5 minutes for EC2)."""
LONGEST = 604_800
"""Seconds that a presigned URL may be good for (known: seven days)."""
_WHOLE = re.compile(r"[0-9]{1,12}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


def check(request: AwsRequest, signed: Scope, caller: Caller, system: int) -> None:
    """Raise Unauthorized for an unknown secret, AwsError for a wrong signature or a moment that is too far away.

    `system` is the system's clock in milliseconds.
    """
    if caller.secret_access_key is None:
        raise Unauthorized("AWS was not able to validate the provided access credentials")
    query = dict(parse_qsl(request.path.partition("?")[2], keep_blank_values=True))
    if "AWSAccessKeyId" in query:
        given, wanted = query.get("Signature", ""), _old_signature(request, caller, query, system)
    else:
        given, wanted = _given(request, query), _signature(request, signed, caller, query, system)
    token = request.headers.get("x-amz-security-token") or query.get("X-Amz-Security-Token")
    token = token or query.get("x-amz-security-token")
    if token != caller.session_token or not hmac.compare_digest(given.encode(), wanted.encode()):
        raise _mismatch(signed)


def _mismatch(signed: Scope) -> AwsError:
    message = "The request signature we calculated does not match the signature you provided."
    return AwsError("AuthFailure" if signed.service == "ec2" else "SignatureDoesNotMatch", message)


def _given(request: AwsRequest, query: dict[str, str]) -> str:
    header = request.headers.get("authorization", "")
    return header.partition("Signature=")[2].strip() or query.get("X-Amz-Signature", "")


def _number(query: dict[str, str], name: str) -> int:
    if not _WHOLE.fullmatch(query.get(name, "")):
        message = f"{name} must be a whole number of seconds."
        raise AwsError("AuthorizationQueryParametersError", message)
    return int(query[name])


def _check_moment(signed: Scope, moment: str, query: dict[str, str], system: int) -> None:
    """A request is good for a while before and after its moment, a presigned one for as long as it says."""
    try:
        at = datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise AwsError("IncompleteSignature", "Date must be in ISO-8601 'basic format'.") from None
    lasts = min(_number(query, "X-Amz-Expires"), LONGEST) if "X-Amz-Signature" in query else MOST_SKEW
    if not -MOST_SKEW <= system / 1_000 - at <= lasts:
        code = "RequestTimeTooSkewed" if signed.service == "s3" else "RequestExpired"
        raise AwsError(code, "Request has expired.")


def _signature(request: AwsRequest, signed: Scope, caller: Caller, query: dict[str, str], system: int) -> str:
    """What SigV4 gives; a body that is not the one it was made for is a mismatch as well."""
    moment = request.headers.get("x-amz-date") or query.get("X-Amz-Date", "")
    _check_moment(signed, moment, query, system)
    digest = request.headers.get("x-amz-content-sha256", "")
    if _DIGEST.fullmatch(digest) and digest != sha256(request.body).hexdigest():
        raise _mismatch(signed)
    header = request.headers.get("authorization", "")
    names = (header.partition("SignedHeaders=")[2].split(",")[0] or query.get("X-Amz-SignedHeaders", "")).split(";")
    path, _, text = request.path.partition("?")
    kept = "&".join(part for part in text.split("&") if not part.startswith("X-Amz-Signature="))
    made = AWSRequest(
        method=request.method,
        url=f"http://{request.headers.get('host', '')}{path}" + (f"?{kept}" if kept else ""),
        data=request.body,
        headers={name: request.headers[name] for name in names if name in request.headers},
    )
    made.context["timestamp"] = moment
    kind = SigV4Auth if signed.service != "s3" else S3SigV4QueryAuth if "X-Amz-Signature" in query else S3SigV4Auth
    auth = kind(Credentials(caller.access_key_id, caller.secret_access_key), signed.service, signed.region)
    canonical = auth.canonical_request(made)
    signature: str = auth.signature(auth.string_to_sign(made, canonical), made)
    return signature


def _old_signature(request: AwsRequest, caller: Caller, query: dict[str, str], system: int) -> str:
    """What S3's signatures before SigV4 give, which presigned URLs may still have."""
    expires = _number(query, "Expires")
    if system / 1_000 > expires:
        raise AwsError("AccessDenied", "Request has expired")
    path, _, text = request.path.partition("?")
    auth = _Expiring(Credentials(caller.access_key_id, caller.secret_access_key), expires)
    headers = HTTPHeaders()
    for name, value in (dict(request.headers) | query).items():
        if name.lower().startswith("x-amz-") or name.lower() in {"content-md5", "content-type"}:
            headers[name] = value
    split: SplitResult = urlsplit(f"http://s3{path}" + (f"?{text}" if text else ""))
    signature: str = auth.get_signature(request.method, split, headers)
    return signature


class _Expiring(HmacV1QueryAuth):  # type: ignore[misc]
    """Signs for the moment that a URL names, where botocore's takes one so many seconds from now."""

    def __init__(self, credentials: Credentials, expires: int) -> None:
        super().__init__(credentials)
        self._moment = str(expires)

    def _get_date(self) -> str:
        return self._moment
