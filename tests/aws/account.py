"""The AWS account of a sandbox: boto3 clients of its principals, and the networks that they find there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import ClientError
from driver import PROVISIONED, World

REGION = "us-east-1"
_SESSION = boto3.Session()
"""One for all clients, so that botocore reads each service's description once."""


@dataclass(frozen=True)
class Keys:
    """What a client signs with."""

    id: str
    secret: str
    token: str | None = None

    @classmethod
    def of_role(cls, given: dict[str, Any]) -> "Keys":
        """Those of an answer to AssumeRole."""
        made = given["Credentials"]
        return cls(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def boto(url: str, service: str, keys: Keys, region: str = REGION, **more: Any) -> Any:
    """A boto3 client that asks once, in vain or not."""
    config = Config(retries={"max_attempts": 0}, max_pool_connections=1, **more)
    return _SESSION.client(
        service, region, endpoint_url=url, aws_access_key_id=keys.id, aws_secret_access_key=keys.secret,
        aws_session_token=keys.token, config=config,
    )  # fmt: skip


def refused(call: Callable[..., Any], *arguments: Any, **asked: Any) -> tuple[str, str]:
    """The code and message of a call that AWS refuses."""
    try:
        answer = call(*arguments, **asked)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError(answer)


def code(call: Callable[..., Any], *arguments: Any, **asked: Any) -> str:
    """The code of a call that AWS refuses."""
    return refused(call, *arguments, **asked)[0]


class Account(World):
    """A sandbox whose account talks to AWS as well. Its root is allowed by the links that it makes."""

    @cached_property
    def url(self) -> str:
        """The server's address."""
        return str(self.client.base_url).rstrip("/")

    @cached_property
    def aws(self) -> dict[str, str]:
        """The account's id and first key."""
        found: dict[str, str] = self.sim("GET", "")["aws"]
        return found

    @property
    def id(self) -> str:
        """The account's id."""
        return self.aws["account_id"]

    @property
    def keys(self) -> Keys:
        """The sandbox's own."""
        return Keys(self.aws["access_key_id"], self.aws["secret_access_key"])

    def issued(self, principal: str) -> Keys:
        """An access key of a principal: ``user/NAME``, ``role/NAME``, ``root`` or ``operator``."""
        asked = principal if principal == "operator" else f"{self.id}:{principal}"
        made = self.sim("POST", "/aws-credentials", {"principal": asked})
        return Keys(made["access_key_id"], made["secret_access_key"])

    def boto(self, service: str, keys: Keys | None = None, region: str = REGION, **more: Any) -> Any:
        """A client, of the sandbox's own key unless told."""
        return boto(self.url, service, keys or self.keys, region, **more)

    @cached_property
    def ec2(self) -> Any:
        """EC2, asked with the sandbox's own key."""
        return self.boto("ec2")

    @cached_property
    def operator(self) -> Any:
        """EC2, asked by the owner of the endpoint services."""
        return self.boto("ec2", self.issued("operator"))

    @cached_property
    def vpc(self) -> str:
        """The default VPC."""
        found: str = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        return found

    @cached_property
    def subnets(self) -> dict[str, str]:
        """The default VPC's subnets, by zone id."""
        of_vpc = [{"Name": "vpc-id", "Values": [self.vpc]}]
        found = self.ec2.describe_subnets(Filters=of_vpc)["Subnets"]
        return {each["AvailabilityZoneId"]: each["SubnetId"] for each in found}

    @cached_property
    def service(self) -> str:
        """The service of an operational link that allows the account's root."""
        found: str = self.link(self.addon(self.app()), self.id)["service_name"]
        return found

    def asked(self, **more: Any) -> dict[str, Any]:
        """What a create asks for; None leaves something out."""
        asked = {"VpcEndpointType": "Interface", "VpcId": self.vpc} | more
        if "ServiceName" not in asked:
            asked["ServiceName"] = self.service
        return {name: value for name, value in asked.items() if value is not None}

    def made(self, **more: Any) -> dict[str, Any]:
        """An endpoint that waits for acceptance, as EC2 shows it."""
        found: dict[str, Any] = self.ec2.create_vpc_endpoint(**self.asked(**more))["VpcEndpoint"]
        return found

    def available(self, **more: Any) -> dict[str, Any]:
        """An endpoint that is available, as EC2 shows it."""
        made = self.made(**more)
        self.advance(PROVISIONED)
        return self.described(made["VpcEndpointId"])

    def described(self, endpoint_id: str) -> dict[str, Any]:
        """An endpoint, as EC2 shows it."""
        found: list[dict[str, Any]] = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"]
        assert len(found) == 1
        return found[0]

    def listed(self, **filters: list[str]) -> list[str]:
        """The ids of the endpoints that pass; a filter is named with underscores."""
        some = [{"Name": name.replace("__", ":").replace("_", "-"), "Values": each} for name, each in filters.items()]
        found = self.ec2.describe_vpc_endpoints(Filters=some)["VpcEndpoints"]
        return [each["VpcEndpointId"] for each in found]


def raw(client: httpx.Client, keys: str, content: bytes, service: str = "ec2", **more: Any) -> httpx.Response:
    """A form that says who sends it, and is not signed."""
    scope = f"{keys}/20300101/{REGION}/{service}/aws4_request"
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none",
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    }
    method, path = more.pop("method", "POST"), more.pop("path", "/")
    return client.request(method, path, content=content, headers=headers | more)
