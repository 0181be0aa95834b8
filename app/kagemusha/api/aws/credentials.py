"""Who signed a request, and for what: SigV4's scope, from the header or from a presigned query (known).

URLs of S3 may still be presigned the old way, which names a key and no more.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

ALGORITHM = "AWS4-HMAC-SHA256"
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request", re.ASCII)

_OLD = ("us-east-1", "s3")
"""The region and service of what is presigned the old way."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a signature is for."""

    access_key_id: str
    region: str
    service: str


def scope(authorization: str, query: bytes) -> Scope | None:
    """The scope of a signed request; None when it is not signed, or not in the form of SigV4."""
    match = _CREDENTIAL.search(authorization)
    if match is None and query:
        given = parse_qs(query.decode(errors="replace"))
        if "AWSAccessKeyId" in given:
            return Scope(given["AWSAccessKeyId"][0], *_OLD)
        match = _CREDENTIAL.search(f"Credential={given.get('X-Amz-Credential', [''])[0]}")
    return Scope(match[1], match[3], match[4]) if match else None
