"""Reach a Heroku data store from a VPC: make a privatelink and an endpoint, and wait for the config var.

python connect.py redis-solid-13864 vpc-323dab2de5c1be252
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BUSY = {429, 503}
PAUSES = (2, 4, 8, 16, None)
"""Seconds after each try; after the last there is no other."""
ONE_TRY = Config(retries={"total_max_attempts": 1})
"""For the EC2 client, since trying again is done here."""


class Problem(Exception):
    """Why there is no connection, for the person who wants one."""


class Busy(Exception):
    """No answer, or one that asks to try again."""


@dataclass
class Connector:
    """Makes connections. `heroku` and `ec2` are clients of the two sides, and `sleep` is how it waits."""

    heroku: httpx.Client
    ec2: Any
    sleep: Callable[[float], object]
    data_url: str = ""
    """Where the Data API is, if not where the Platform API is."""
    patience: float = 3600
    """Seconds that anything has to get ready."""

    def connect(self, addon: str, principal: str, vpc_id: str) -> tuple[str, str]:
        """The config var, and the URL in it, by which `addon` is reached from the VPC. Safe to repeat."""
        link = self.link(addon, principal)
        endpoint_id = self.endpoint(link["service_name"], vpc_id)
        suffix = f"_ENDPOINT_{endpoint_id.removeprefix('vpce-').upper()}_URL"
        return self._wait(f"the config var of {endpoint_id}", lambda: self._config_var(link["app"]["name"], suffix))

    def link(self, addon: str, principal: str) -> dict[str, Any]:
        """An operational privatelink of `addon` that lets `principal`, an ARN, in."""
        path = f"{self.data_url}/private-link/v0/databases/{addon}"
        asked = {"allowed_accounts": [principal]}
        made = self._heroku("POST", path, asked, allowed=409)
        if made.status_code == httpx.codes.CONFLICT:  # there is one; perhaps the answer to our first try was lost
            self._heroku("PUT", f"{path}/allowed_accounts", asked)
        return self._wait(f"the privatelink of {addon}", lambda: self._operational(path, principal))

    def endpoint(self, service_name: str, vpc_id: str) -> str:
        """The id of an available endpoint of the service, with a subnet of the VPC in each zone of the service."""
        [service] = self._aws("describe_vpc_endpoint_services", ServiceNames=[service_name])["ServiceDetails"]
        filters = {"vpc-id": [vpc_id], "availability-zone": service["AvailabilityZones"]}
        found = self._aws("describe_subnets", Filters=[{"Name": k, "Values": v} for k, v in filters.items()])["Subnets"]
        subnets = {each["AvailabilityZone"]: each["SubnetId"] for each in found}
        made = self._aws("create_vpc_endpoint", VpcEndpointType="Interface", VpcId=vpc_id, ServiceName=service_name,
                         SubnetIds=[*subnets.values()], ClientToken=f"{service['ServiceId']}-{vpc_id}")  # fmt: skip
        endpoint_id = made["VpcEndpoint"]["VpcEndpointId"]
        return self._wait(f"endpoint {endpoint_id}", lambda: self._available(endpoint_id))

    def _operational(self, path: str, principal: str) -> tuple[Any, str]:
        link = self._heroku("GET", path).json()
        status = link["status"], *(each["status"] for each in link["allowed_accounts"] if each["arn"] == principal)
        if status[0] not in {"Provisioning", "Operational"} or len(status) == 1:
            raise Problem(f"The privatelink is {link['status']} and allows {link['allowed_accounts']}.")
        return status == ("Operational", "Active") and link, " and the account ".join(status)

    def _available(self, endpoint_id: str) -> tuple[Any, str]:
        [endpoint] = self._aws("describe_vpc_endpoints", VpcEndpointIds=[endpoint_id])["VpcEndpoints"]
        if endpoint["State"] not in {"pendingAcceptance", "pending", "available"}:
            raise Problem(f"Endpoint {endpoint_id} is {endpoint['State']}.")
        return endpoint["State"] == "available" and endpoint_id, endpoint["State"]

    def _config_var(self, app: str, suffix: str) -> tuple[Any, str]:
        config = self._heroku("GET", f"/apps/{app}/config-vars").json()
        return next((var for var in config.items() if var[0].endswith(suffix)), None), "not set"

    def _wait(self, what: str, look: Callable[[], tuple[Any, str]], interval: float = 60) -> Any:
        waited = 0.0
        while not (seen := look())[0]:
            if waited >= self.patience:
                raise Problem(f"After {waited:.0f} s {what} is still {seen[1]}.")
            self.sleep(interval)
            waited += interval
        return seen[0]

    def _heroku(self, method: str, path: str, body: object = None, allowed: int | None = None) -> httpx.Response:
        def call() -> httpx.Response:
            try:
                answer = self.heroku.request(method, path, json=body)
            except httpx.TransportError as error:
                raise Busy(str(error)) from None
            if answer.status_code in BUSY:
                raise Busy(answer.text)
            if answer.is_error and answer.status_code != allowed:
                raise Problem(answer.json()["message"])
            return answer

        return self._patiently(call)

    def _aws(self, operation: str, **asked: Any) -> Any:
        def call() -> Any:
            try:
                return getattr(self.ec2, operation)(**asked)
            except ClientError as error:
                kind = Busy if error.response["ResponseMetadata"]["HTTPStatusCode"] in BUSY else Problem
                raise kind(str(error)) from None
            except BotoCoreError as error:
                raise Busy(str(error)) from None

        return self._patiently(call)

    def _patiently(self, call: Callable[[], Any]) -> Any:
        for pause in PAUSES:
            try:
                return call()
            except Busy as busy:
                if pause is None:
                    raise Problem(f"Given up after {len(PAUSES)} tries: {busy}") from None
                self.sleep(pause)
        raise AssertionError


def main() -> None:
    """Connect what the command line names, with the environment's credentials."""
    addon, vpc_id = sys.argv[1:]
    url = os.environ.get("HEROKU_API_URL", "https://api.heroku.com")
    data_url = url.replace("//api.heroku.com", "//api.data.heroku.com")
    headers = {"Accept": "application/vnd.heroku+json; version=3"}
    headers["Authorization"] = f"Bearer {os.environ['HEROKU_API_KEY']}"
    principal = boto3.client("sts").get_caller_identity()["Arn"]
    with httpx.Client(base_url=url, headers=headers, timeout=30) as heroku:
        connector = Connector(heroku, boto3.client("ec2", config=ONE_TRY), time.sleep, data_url)
        try:
            print("=".join(connector.connect(addon, principal, vpc_id)))
        except Problem as problem:
            sys.exit(f"connect: {problem}")


if __name__ == "__main__":
    main()
