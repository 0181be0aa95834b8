"""The article up to the moment at which clients connect, by the command lines and SDKs with which one does it."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from account import Account
from heroku_cli import Heroku
from live import KAGEMUSHA


@dataclass(frozen=True)
class Article:
    """The article up to its last section, as far as it has come: an app with a store, and a privatelink."""

    account: Account
    heroku: Heroku
    addon: str
    attachment: str
    group: str
    """The security group of the endpoints: open for the store to the VPC, as in the README."""

    @classmethod
    def begin(
        cls, account: Account, heroku: Heroku, plan: str = "heroku-redis:private-7", port: int = 6379
    ) -> "Article":
        """Let the account's root in."""
        addon = account.addon(account.app(), plan)
        account.link(addon, account.id)
        made = account.ec2.create_security_group(GroupName="store", Description="Its clients", VpcId=account.vpc)
        [vpc] = account.ec2.describe_vpcs(VpcIds=[account.vpc])["Vpcs"]
        account.ec2.authorize_security_group_ingress(
            GroupId=made["GroupId"], IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=vpc["CidrBlock"]
        )
        [attached] = account.config()
        return cls(account, heroku, addon, attached.removesuffix("_URL"), made["GroupId"])

    @property
    def link(self) -> str:
        """The path of the privatelink."""
        return f"/private-link/v0/databases/{self.addon}"

    @property
    def config(self) -> dict[str, str]:
        """The app's config vars, as the CLI prints them."""
        # Behind it may come what the CLI says once to everybody.
        found, _ = json.JSONDecoder().raw_decode(self.heroku("config", "-a", "ferry", "--json"))
        config: dict[str, str] = found
        return config

    def waiting(self) -> str:
        """An endpoint, made with AWS's SDK, that waits for acceptance; returns its id."""
        account = self.account
        service = account.get(self.link)["service_name"]
        [offered] = account.ec2.describe_vpc_endpoint_services(ServiceNames=[service])["ServiceDetails"]
        zones = {"Name": "availability-zone", "Values": offered["AvailabilityZones"]}
        subnets = [each["SubnetId"] for each in account.ec2.describe_subnets(Filters=[zones])["Subnets"]]
        assert len(subnets) == 3
        made = account.made(ServiceName=service, SubnetIds=subnets, SecurityGroupIds=[self.group])
        assert made["State"] == "pendingAcceptance"
        endpoint: str = made["VpcEndpointId"]
        return endpoint

    def available(self) -> tuple[str, str]:
        """An endpoint that is available; its id, and its URL."""
        endpoint = self.waiting()
        self.account.until("idle")
        assert self.account.described(endpoint)["State"] == "available"
        return endpoint, self.account.config()[self.variable(endpoint)]

    def interfaces(self, endpoint: str) -> list[str]:
        """The addresses of the endpoint's network interfaces, as EC2 shows them."""
        shown = self.account.described(endpoint)["NetworkInterfaceIds"]
        found = self.account.ec2.describe_network_interfaces(NetworkInterfaceIds=shown)["NetworkInterfaces"]
        return [each["PrivateIpAddress"] for each in found]

    def expected(self, endpoint: str) -> str:
        """The URL that the endpoint of a Redis will have, by what EC2 shows of it and the Redis's own."""
        [address] = set(self.interfaces(endpoint))
        credentials = self.account.config()["REDIS_URL"].removeprefix("rediss://").partition("@")[0]
        return f"redis://{credentials}@{address}:6379"

    def allow(self, method: str) -> None:
        """Let the account in (``PUT``), or take it away (``PATCH``)."""
        self.account.call(method, f"{self.link}/allowed_accounts", {"allowed_accounts": [self.account.id]})
        self.account.until("idle")

    def variable(self, endpoint: str) -> str:
        """The config var of an endpoint."""
        return f"{self.attachment}_ENDPOINT_{endpoint.removeprefix('vpce-').upper()}_URL"


def authority(account: Account, folder: Path) -> Path:
    """What `kagemusha ca` prints, in a file."""
    command = [*KAGEMUSHA, "ca", "--sandbox", account.name, "--url", account.url]
    file = folder / "ca.pem"
    file.write_text(subprocess.check_output(command, text=True))
    return file
