"""What the tests begin with: a Redis in a Private Space, a VPC, and a connector whose waiting moves the clock."""

from functools import cached_property
from typing import Any

import pytest
from connect import ONE_TRY, Connector
from kagemusha.testing import Sandbox


class World:
    """Both sides, with an add-on on Heroku's and the default VPC on AWS's."""

    def __init__(self, sandbox: Sandbox) -> None:
        """A Redis in a Private Space."""
        self.sandbox = sandbox
        session = sandbox.boto3_session()
        self.ec2 = session.client("ec2", config=ONE_TRY)
        self.principal: str = session.client("sts").get_caller_identity()["Arn"]
        self.heroku("POST", "/spaces", {"name": "harbor", "team": "kagemusha"})
        sandbox.until_idle()
        self.heroku("POST", "/teams/apps", {"name": "ferry", "space": "harbor"})
        self.addon = self.add("heroku-redis:private-7")

    @cached_property
    def vpc_id(self) -> str:
        """The default VPC."""
        [vpc] = self.ec2.describe_vpcs()["Vpcs"]
        return vpc["VpcId"]

    def connector(self, **more: Any) -> Connector:
        """A connector that doesn't sleep: it moves the sandbox's clock."""
        return Connector(self.sandbox.heroku, self.ec2, **{"sleep": self.sandbox.advance} | more)

    def connect(self, **more: Any) -> tuple[str, str]:
        """What is tested."""
        return self.connector(**more).connect(self.addon, self.principal, self.vpc_id)

    @property
    def shown(self) -> dict[str, Any]:
        """The privatelink, as the Data API shows it."""
        return self.heroku("GET", f"/private-link/v0/databases/{self.addon}")

    @property
    def endpoints(self) -> list[dict[str, Any]]:
        """All endpoints, as EC2 describes them."""
        return self.ec2.describe_vpc_endpoints()["VpcEndpoints"]

    def heroku(self, method: str, path: str, body: object = None) -> Any:
        """What Heroku answers to a request that must succeed."""
        return self.sandbox.heroku.request(method, path, json=body).raise_for_status().json()

    def add(self, plan: str) -> str:
        """Another add-on of the app; returns its name."""
        name: str = self.heroku("POST", "/apps/ferry/addons", {"plan": plan})["name"]
        self.sandbox.until_idle()
        return name


@pytest.fixture
def world(kagemusha: Sandbox) -> World:
    """A Redis in a Private Space, and a VPC to reach it from."""
    return World(kagemusha)
