"""moto, asked as its own server asks it. The only importer of moto."""

import gc
import sys
from hashlib import blake2b
from typing import Any
from urllib.parse import unquote_to_bytes

from botocore.model import OperationNotFoundError
from moto.backends import get_backend
from moto.core import base_backend
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

from kagemusha.api.aws.credentials import scope
from kagemusha.api.aws.emulator import answer, not_simulated
from kagemusha.api.aws.messages import AwsRequest, AwsResponse
from kagemusha.domain.errors import AwsError

_APP = DomainDispatcherApplication(create_backend_app)
_ANYWHERE = "us-east-1"
_buckets: dict[str, dict[str, Any]] = {}
"""Who owns which bucket, for each account: to moto, names of buckets are one space, which all accounts share."""
# All that moto's modules hold stays to the end: to look through it for garbage would hold up the process, and its end.
gc.freeze()


def send(account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
    """Moto's answer to a request of the account, whose default VPCs have ids from the `seed`.

    Raises AwsError InvalidAction or UnsupportedOperation for what moto does not know.
    """
    path, _, query = request.path.partition("?")
    signed = scope(request.headers.get("authorization", ""), query.encode())
    _seed_default_vpc(account_id, signed.region if signed else _ANYWHERE, seed)
    if (signed and signed.service == "s3") or "moto.s3.models" in sys.modules:
        s3: Any = get_backend("s3")
        s3.bucket_accounts = _buckets.setdefault(account_id, {})
    try:
        chunks, status, headers = run_wsgi_app(_APP, _environ(account_id, request, path, query), buffered=True)
    except OperationNotFoundError as error:
        message = f"The action {error} is not valid for this web service."
        raise AwsError("InvalidAction", message) from None
    except NotImplementedError:
        raise not_simulated() from None
    return answer(request, int(status.split()[0]), headers, b"".join(chunks))


def _environ(account_id: str, request: AwsRequest, path: str, query: str) -> dict[str, Any]:
    """The request as WSGI has it, its path exactly as it was sent."""
    builder = EnvironBuilder(
        base_url="http://localhost",
        method=request.method,
        headers=list((dict(request.headers) | {"x-moto-account-id": account_id}).items()),
        data=request.body,
    )
    exact = {
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": request.path,
        "REQUEST_URI": request.path,
    }
    return builder.get_environ() | exact


def _seed_default_vpc(account_id: str, region: str, seed: int) -> None:
    """Make the account's EC2 in `region` with ids from the seed, if it is not there yet."""
    regions: Any = get_backend("ec2")[account_id]
    if region in dict.keys(regions) or region not in regions.regions:
        return
    digest = blake2b(f"{seed}/{region}".encode(), digest_size=8).digest()
    mock_random.seed(int.from_bytes(digest, "big"))
    regions[region]
    mock_random.seed()


def forget(account_id: str) -> None:
    """Take everything of the account away."""
    _buckets.pop(account_id, None)
    backends: Any = base_backend.BackendDict
    for service in list(backends._instances):
        dict.pop(service, account_id, None)
