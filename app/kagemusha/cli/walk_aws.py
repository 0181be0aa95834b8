"""The article's AWS steps, through boto3, each shown as the AWS CLI's command with what that would print."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import jmespath
import typer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from kagemusha.cli import aws_profile
from kagemusha.cli.talk import fail
from kagemusha.cli.walk import Walk

PORT = 6379
_WIDE = 100
"""Characters from which a command is broken at its options."""


class Aws:
    """A consumer with an AWS client, which is told what `kagemusha env` prints."""

    def __init__(self, walk: Walk) -> None:
        """In the world of `walk`, whatever this machine's own AWS configuration is."""
        self._walk = walk
        aws_profile.set_aside()
        env = walk.sandbox["env"]
        self._session = boto3.Session(
            env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], region_name=env["AWS_REGION"]
        )
        self._sts, self._ec2 = self._client("sts"), self._client("ec2")

    def _client(self, service: str) -> Any:
        # Without a proxy, as all that this command asks.
        url, authority = self._walk.sandbox["env"]["AWS_ENDPOINT_URL"], self._walk.remote.authority
        trust = str(authority) if authority else None
        return self._session.client(service, endpoint_url=url, verify=trust, config=Config(proxies={}))

    def introduce(self) -> None:
        """See Consumer."""
        self._run("sts get-caller-identity", self._sts.get_caller_identity)

    def connect(self, service: str) -> str:
        """See Consumer: a security group, then an endpoint in each zone of the service."""
        vpc = self._run("ec2 describe-vpcs", self._ec2.describe_vpcs, "Vpcs[0].{VpcId:VpcId,CidrBlock:CidrBlock}")
        group = self._make_group(vpc["VpcId"], vpc["CidrBlock"])
        subnets = self._find_subnets(vpc["VpcId"], service)
        endpoint: str = self._run(
            f"ec2 create-vpc-endpoint --vpc-endpoint-type Interface --vpc-id {vpc['VpcId']} --service-name {service} "
            f"--subnet-ids {' '.join(subnets)} --security-group-ids {group}",
            self._ec2.create_vpc_endpoint,
            "VpcEndpoint.{VpcEndpointId:VpcEndpointId,State:State}",
            VpcEndpointType="Interface",
            VpcId=vpc["VpcId"],
            ServiceName=service,
            SubnetIds=subnets,
            SecurityGroupIds=[group],
        )["VpcEndpointId"]
        self._walk.wait(f"Waiting for {endpoint} to be accepted...")
        self._run(
            f"ec2 describe-vpc-endpoints --vpc-endpoint-ids {endpoint}",
            self._ec2.describe_vpc_endpoints,
            "VpcEndpoints[0].{State:State,DnsName:DnsEntries[0].DnsName}",
            VpcEndpointIds=[endpoint],
        )
        return endpoint

    def _make_group(self, vpc: str, cidr: str) -> str:
        group: str = self._run(
            f"ec2 create-security-group --group-name redis --description 'Clients of Redis' --vpc-id {vpc}",
            self._ec2.create_security_group,
            "{GroupId:GroupId}",
            GroupName="redis",
            Description="Clients of Redis",
            VpcId=vpc,
        )["GroupId"]
        allowed = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, "IpRanges": [{"CidrIp": cidr}]}
        self._run(
            f"ec2 authorize-security-group-ingress --group-id {group} --protocol tcp --port {PORT} --cidr {cidr}",
            self._ec2.authorize_security_group_ingress,
            "SecurityGroupRules[0].{FromPort:FromPort,ToPort:ToPort,CidrIpv4:CidrIpv4}",
            GroupId=group,
            IpPermissions=[allowed],
        )
        return group

    def _find_subnets(self, vpc: str, service: str) -> list[str]:
        zones = self._run(
            f"ec2 describe-vpc-endpoint-services --service-names {service}",
            self._ec2.describe_vpc_endpoint_services,
            "ServiceDetails[0].{AvailabilityZones:AvailabilityZones,AcceptanceRequired:AcceptanceRequired}",
            ServiceNames=[service],
        )["AvailabilityZones"]
        found: list[str] = self._run(
            f"ec2 describe-subnets --filters Name=vpc-id,Values={vpc} Name=availability-zone,Values={','.join(zones)}",
            self._ec2.describe_subnets,
            "Subnets[].SubnetId",
            Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "availability-zone", "Values": zones}],
        )
        return found

    def _run(self, command: str, call: Callable[..., Any], query: str = "@", **parameters: Any) -> Any:
        """Show `command`, make the same call, and print what `--query` leaves of its answer, as `aws` does."""
        line = f"aws {command}" if query == "@" else f"aws {command} --query '{query}'"
        self._walk.typed(line.replace(" --", " \\\n    --") if len(line) > _WIDE else line)
        try:
            answer = call(**parameters)
        except (BotoCoreError, ClientError) as error:
            fail(str(error))
        answer.pop("ResponseMetadata")
        shown = jmespath.search(query, answer)
        typer.echo(json.dumps(shown, indent=4))
        return shown
