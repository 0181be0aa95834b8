"""The AWS emulator behind us: moto in this process, or any other by URL.

It answers everything of AWS that is not ours, and is asked about VPCs, subnets, zones and security groups, which are
never kept twice. Each sandbox is an account of its own there.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element, ParseError, fromstring

import httpx

from kagemusha.api.aws.protocol import EC2_NAMESPACE
from kagemusha.domain.errors import AwsError
from kagemusha.services.placements import Subnet

TIMEOUT = 20.0
"""Seconds that an emulator by URL may take to answer."""
_HOP_BY_HOP = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding", "content-encoding"}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A request as it came; `path` is percent-encoded and has its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class AwsResponse:
    """An answer of the emulator's."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


class Emulator(Protocol):
    """What answers for the rest of AWS."""

    async def send(self, account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
        """Answer `request` of the account; AwsError Unavailable when it can't. `seed` is of the account's world."""

    async def forget(self, account_id: str) -> None:
        """Take everything of the account away, where that can be done."""

    async def close(self) -> None:
        """Give back what is held."""


def _unavailable(why: str) -> AwsError:
    return AwsError("Unavailable", f"The AWS emulator behind kagemusha does not answer: {why}")


class Upstream:
    """An emulator by URL: a moto server, LocalStack."""

    def __init__(self, url: str) -> None:
        """`url` is its endpoint, without a path."""
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=False)

    async def send(self, account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
        """See Emulator. The account is told in both ways that emulators know: a header, and the access key id."""
        del seed
        headers = {name: value for name, value in request.headers.items() if name not in {"host", "content-length"}}
        try:
            answer = await self._client.request(
                request.method,
                self._url + request.path,
                headers=headers | {"host": urlsplit(self._url).netloc, "x-moto-account-id": account_id},
                content=request.body,
            )
        except httpx.TimeoutException:
            why = f"no answer from {self._url} in {TIMEOUT:g} s. Look what it does, or choose another --aws-upstream."
            raise _unavailable(why) from None
        except (httpx.HTTPError, httpx.InvalidURL):
            why = f"nothing listens at {self._url}. Start it, or choose another --aws-upstream."
            raise _unavailable(why) from None
        kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP]
        return AwsResponse(answer.status_code, kept, answer.content)

    async def forget(self, account_id: str) -> None:
        """See Emulator: what others keep is theirs."""

    async def close(self) -> None:
        """See Emulator."""
        await self._client.aclose()


class Embedded:
    """moto in this process, loaded at the first call; one request at a time, in a thread of its own."""

    def __init__(self) -> None:
        """Load nothing yet."""
        self._thread = ThreadPoolExecutor(1, "moto")
        self._app: Any = None

    async def send(self, account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
        """See Emulator."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._send, account_id, seed, request)

    def _send(self, account_id: str, seed: int, request: AwsRequest) -> AwsResponse:
        from werkzeug.test import EnvironBuilder, run_wsgi_app

        app = self._loaded()
        _seed_default_vpc(account_id, _region(request), seed)
        builder = EnvironBuilder(
            path=request.path,
            base_url="http://localhost",
            method=request.method,
            headers=list((dict(request.headers) | {"x-moto-account-id": account_id}).items()),
            data=request.body,
        )
        chunks, status, headers = run_wsgi_app(app, builder.get_environ(), buffered=True)
        kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
        return AwsResponse(int(status.split()[0]), kept, b"".join(chunks))

    def _loaded(self) -> Any:
        if self._app is None:
            try:
                from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
            except ImportError:
                why = "moto is not installed. pip install 'kagemusha[aws]', or give --aws-upstream URL."
                raise _unavailable(why) from None
            log.warning("AWS beside PrivateLink is moto's, in memory: what is made there does not survive a restart.")
            self._app = DomainDispatcherApplication(create_backend_app)
        return self._app

    async def forget(self, account_id: str) -> None:
        """See Emulator."""
        if self._app is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, _forget, account_id)

    async def close(self) -> None:
        """See Emulator."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _region(request: AwsRequest) -> str:
    """The region that the request's signature names."""
    parts = request.headers.get("authorization", "").partition("Credential=")[2].split(",")[0].split("/")
    return parts[2] if len(parts) == 5 else "us-east-1"


def _seed_default_vpc(account_id: str, region: str, seed: int) -> None:
    """Make the account's EC2 in `region` with ids from the seed, if it is not there yet."""
    import moto.backends
    from moto.moto_api._internal import mock_random

    regions = moto.backends.get_backend("ec2")[account_id]
    if region in dict.keys(regions) or region not in regions.regions:
        return
    digest = blake2b(f"{seed}/{region}".encode(), digest_size=8).digest()
    mock_random.seed(int.from_bytes(digest, "big"))
    regions[region]
    mock_random.seed()


def _forget(account_id: str) -> None:
    from moto.core.base_backend import BackendDict

    for service in list(BackendDict._instances):
        dict.pop(service, account_id, None)


class Facts:
    """What the emulator knows of an account's networks in one region: the one client of ours that asks it."""

    def __init__(self, emulator: Emulator, account_id: str, seed: int, region: str) -> None:
        """About the account, in `region`."""
        self._emulator = emulator
        self._account_id = account_id
        self._seed = seed
        self._region = region

    async def ask(self, action: str, **parameters: str) -> Element:
        """EC2's answer to `action`; its own error as AwsError."""
        body = urlencode({"Action": action, "Version": "2016-11-15", **parameters}).encode()
        answer = await self._emulator.send(self._account_id, self._seed, self._request("ec2", body))
        return read(answer)

    async def has_role(self, name: str) -> bool:
        """Whether the account's IAM has a role of this name; not where the emulator does not answer."""
        body = urlencode({"Action": "GetRole", "Version": "2010-05-08", "RoleName": name}).encode()
        try:
            answer = await self._emulator.send(self._account_id, self._seed, self._request("iam", body))
        except AwsError:
            return False
        return answer.status == HTTPStatus.OK

    def _request(self, service: str, body: bytes) -> AwsRequest:
        scope = f"{self._account_id}/20200101/{self._region}/{service}/aws4_request"
        return AwsRequest(
            "POST",
            "/",
            {
                "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
                "content-type": "application/x-www-form-urlencoded; charset=utf-8",
                "x-amz-date": "20200101T000000Z",
            },
            body,
        )

    async def check_vpc(self, vpc_id: str) -> None:
        """Raise AwsError unless the VPC exists."""
        await self.ask("DescribeVpcs", **{"VpcId.1": vpc_id})

    async def subnets(self, ids: Sequence[str]) -> list[Subnet]:
        """The subnets with these ids; AwsError InvalidSubnetID.NotFound for one that is not there."""
        if not ids:
            return []
        root = await self.ask("DescribeSubnets", **{f"SubnetId.{n}": each for n, each in enumerate(ids, 1)})
        found = {
            text(item, "subnetId"): Subnet(
                text(item, "subnetId"),
                text(item, "vpcId"),
                text(item, "availabilityZone"),
                text(item, "availabilityZoneId"),
                text(item, "cidrBlock"),
            )
            for item in items(root, "subnetSet")
        }
        for each in ids:
            if each not in found:
                message = f"The subnet ID '{each}' does not exist"
                raise AwsError("InvalidSubnetID.NotFound", message)
        return [found[each] for each in ids]

    async def security_groups(self, vpc_id: str, ids: Sequence[str]) -> dict[str, str]:
        """The names of these security groups of the VPC by id, the VPC's default one when none is named."""
        asked = {f"GroupId.{n}": each for n, each in enumerate(ids, 1)}
        if not ids:
            asked = {"Filter.1.Name": "vpc-id", "Filter.1.Value.1": vpc_id} | {
                "Filter.2.Name": "group-name",
                "Filter.2.Value.1": "default",
            }
        found = items(await self.ask("DescribeSecurityGroups", **asked), "securityGroupInfo")
        groups = {text(item, "groupId"): (text(item, "vpcId"), text(item, "groupName")) for item in found}
        for each in ids:
            if each not in groups:
                message = f"The security group '{each}' does not exist"
                raise AwsError("InvalidGroup.NotFound", message)
            if groups[each][0] != vpc_id:
                message = f"Security group {each} does not belong to the VPC {vpc_id}"
                raise AwsError("InvalidParameter", message)
        return {each: name for each, (_, name) in groups.items()}


def read(answer: AwsResponse) -> Element:
    """The root of an EC2 answer; its error as AwsError."""
    try:
        root = fromstring(answer.body)
    except ParseError:
        raise _unavailable(f"its answer ({answer.status}) is no XML.") from None
    if answer.status >= 400:
        code, message = root.find(".//Code"), root.find(".//Message")
        raise AwsError(
            (code.text if code is not None else None) or "InternalError",
            (message.text if message is not None else None) or "The AWS emulator failed.",
        )
    return root


def items(root: Element, name: str) -> list[Element]:
    """The items of the list `name`."""
    return root.findall(f".//{{{EC2_NAMESPACE}}}{name}/{{{EC2_NAMESPACE}}}item")


def text(item: Element, name: str) -> str:
    """The text of an element of `item`, or nothing."""
    return item.findtext(f"{{{EC2_NAMESPACE}}}{name}") or ""
