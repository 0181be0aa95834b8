"""moto, asked as its own server asks it. The only importer of moto."""

from hashlib import blake2b
from typing import Any

from moto.backends import get_backend
from moto.core import base_backend
from moto.moto_api._internal import mock_random
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import EnvironBuilder, run_wsgi_app

from kagemusha.api.aws.credentials import scope
from kagemusha.api.aws.emulator import HOP_BY_HOP
from kagemusha.api.aws.messages import AwsRequest, AwsResponse

_APP = DomainDispatcherApplication(create_backend_app)
_ANYWHERE = "us-east-1"


def send(account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
    """Moto's answer to a request of the account, whose default VPCs have ids from the `seed`."""
    signed = scope(request.headers.get("authorization", ""), request.path.encode())
    _seed_default_vpc(account_id, signed.region if signed else _ANYWHERE, seed)
    builder = EnvironBuilder(
        path=request.path,
        base_url="http://localhost",
        method=request.method,
        headers=list((dict(request.headers) | {"x-moto-account-id": account_id}).items()),
        data=request.body,
    )
    chunks, status, headers = run_wsgi_app(_APP, builder.get_environ(), buffered=True)
    kept = [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]
    return AwsResponse(int(status.split()[0]), kept, b"".join(chunks))


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
    backends: Any = base_backend.BackendDict
    for service in list(backends._instances):
        dict.pop(service, account_id, None)
