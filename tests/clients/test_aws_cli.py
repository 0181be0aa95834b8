"""The whole article with two real command lines, AWS's and Heroku's, and nothing but `eval "$(kagemusha env)"`.

Between them the test sends what each `data:privatelink` command sends: the CLI's plugin can't be installed from npm.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from live import serving
from plugin import Plugin
from shell import Shell, until

PRINCIPAL = "arn:aws:iam::123456789101:user/abc.xyz"
OWNER = "arn:aws:iam::123456789101:root"


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A shell that points at a fresh server, six hundred times faster than life."""
    with serving("--ephemeral", "--pace", "600") as server:
        yield Shell.at(server.url, tmp_path)


def plugin(shell: Shell, version: str) -> Plugin:
    """The `data:privatelink` commands in this shell."""
    return Plugin(shell.environment["HEROKU_HOST"], shell.environment["HEROKU_API_KEY"], version)


def make_addon(shell: Shell, plan: str, attachment: str) -> str:
    """A space, an app and an add-on with the `heroku` CLI; returns the add-on's name."""
    assert "allocating" in shell.said("heroku spaces:create harbor --team kagemusha --region virginia")
    assert "Waiting for space harbor to allocate... done" in shell.said("heroku spaces:wait harbor -i 1")
    assert "Creating ferry in space harbor... done" in shell.said("heroku apps:create ferry --space harbor")
    made = re.search(r"Created (\S+) as (\S+)", shell.said(f"heroku addons:create {plan} -a ferry --wait"))
    assert made is not None
    assert made[2] == f"{attachment}_URL"
    return made[1]


def make_link(link: Plugin, addon: str) -> str:
    """A privatelink for the caller of `sts get-caller-identity`; returns its service name."""
    assert link.create(addon, "ferry", PRINCIPAL.removeprefix("arn:aws:iam::"))["status"] == "Provisioning"
    until(lambda: link.show(addon, "ferry")["status"] == "Operational")
    until(lambda: link.show(addon, "ferry")["allowed_accounts"][0]["status"] == "Active")
    service: str = link.show(addon, "ferry")["service_name"]
    return service


def make_group(shell: Shell, vpc: str, port: int) -> str:
    """A security group of the VPC that lets in the store's clients; returns its id."""
    group: str = shell.aws(
        "ec2 create-security-group", group_name="store", description="Clients of the store", vpc_id=vpc
    )["GroupId"]
    rules = shell.aws(
        "ec2 authorize-security-group-ingress", group_id=group, protocol="tcp", port=port, cidr="172.31.0.0/16"
    )["SecurityGroupRules"]
    assert [(each["FromPort"], each["ToPort"], each["CidrIpv4"]) for each in rules] == [(port, port, "172.31.0.0/16")]
    [kept] = shell.aws("ec2 describe-security-groups", group_ids=group)["SecurityGroups"]
    assert [each["FromPort"] for each in kept["IpPermissions"]] == [port]
    return group


def subnets_for(shell: Shell, vpc: str, service: str) -> list[str]:
    """A subnet of the VPC in each of the service's zones, which the AWS CLI is asked for."""
    answer = shell.aws("ec2 describe-vpc-endpoint-services", service_names=service)
    assert answer["ServiceNames"] == [service]
    [detail] = answer["ServiceDetails"]
    assert (detail["ServiceName"], detail["AcceptanceRequired"]) == (service, True)
    assert detail["ServiceType"] == [{"ServiceType": "Interface"}]
    zones = ",".join(detail["AvailabilityZones"])
    filters = [f"Name=vpc-id,Values={vpc}", f"Name=availability-zone,Values={zones}"]
    found = shell.aws("ec2 describe-subnets", filters=filters)["Subnets"]
    assert len(found) == len(detail["AvailabilityZones"])
    return [each["SubnetId"] for each in found]


def described(shell: Shell, endpoint: str) -> Any:
    """The endpoint as EC2 describes it."""
    [found] = shell.aws("ec2 describe-vpc-endpoints", vpc_endpoint_ids=endpoint)["VpcEndpoints"]
    return found


def make_endpoint(shell: Shell, vpc: str, service: str, group: str) -> str:
    """An endpoint in all of the service's zones, followed until it is available; returns its id."""
    subnets = subnets_for(shell, vpc, service)
    made = shell.aws(
        "ec2 create-vpc-endpoint",
        vpc_endpoint_type="Interface",
        vpc_id=vpc,
        service_name=service,
        subnet_ids=subnets,
        security_group_ids=group,
    )["VpcEndpoint"]
    assert made["State"] == "pendingAcceptance"
    endpoint: str = made["VpcEndpointId"]
    seen = [made["State"]]
    until(lambda: seen.append(described(shell, endpoint)["State"]) or seen[-1] == "available")
    order = ["pendingAcceptance", "pending", "available"]
    assert seen == sorted(seen, key=order.index)
    shown = described(shell, endpoint)
    assert {key: shown[key] for key in ("VpcId", "ServiceName", "OwnerId", "VpcEndpointType")} == {
        "VpcId": vpc,
        "ServiceName": service,
        "OwnerId": "123456789101",
        "VpcEndpointType": "Interface",
    }
    assert sorted(shown["SubnetIds"]) == sorted(subnets)
    assert [each["GroupId"] for each in shown["Groups"]] == [group]
    listed = shell.aws("ec2 describe-vpc-endpoints", filters=f"Name=vpc-id,Values={vpc}")["VpcEndpoints"]
    assert listed == [shown]
    return endpoint


def check_config_var(shell: Shell, link: Plugin, addon: str, attachment: str, endpoint: str) -> None:
    """The connection is Heroku's and the variable the app's, with the DNS name that EC2 tells."""
    connections = link.show(addon, "ferry")["connections"]
    host = described(shell, endpoint)["DnsEntries"][0]["DnsName"]
    assert connections == [{"endpoint_id": endpoint, "hostname": host, "owner_arn": OWNER, "status": "Available"}]
    number = endpoint.removeprefix("vpce-").upper()
    variable, _, value = shell.run(f"heroku config -a ferry | grep {number}").strip().partition(": ")
    assert variable == f"{attachment}_ENDPOINT_{number}_URL"
    assert f"@{host}:" in value


def undo_aws(shell: Shell, link: Plugin, addon: str, endpoint: str, group: str) -> None:
    """Delete the endpoint and its variable is gone, the link and its service is; then the security group."""
    service = described(shell, endpoint)["ServiceName"]
    assert shell.aws("ec2 delete-vpc-endpoints", vpc_endpoint_ids=endpoint) == {"Unsuccessful": []}
    assert "_ENDPOINT_" not in shell.run("heroku config -a ferry")
    look = f"aws ec2 describe-vpc-endpoints --vpc-endpoint-ids {endpoint}"
    until(lambda: "InvalidVpcEndpointId.NotFound" in shell.said(f"{look} || true"))
    assert shell.aws("ec2 describe-vpc-endpoints") == {"VpcEndpoints": []}
    assert link.show(addon, "ferry")["connections"] == []
    assert link.destroy(addon, "ferry")["status"] == "Deprovisioning"
    assert shell.refused(f"aws ec2 describe-vpc-endpoint-services --service-names {service}") == (
        "An error occurred (InvalidServiceName) when calling the DescribeVpcEndpointServices operation: "
        f"The Vpc Endpoint Service '{service}' does not exist"
    )
    shell.run(f"aws ec2 delete-security-group --group-id {group}")
    assert "InvalidGroup.NotFound" in shell.refused(f"aws ec2 describe-security-groups --group-ids {group}")


def undo_heroku(shell: Shell, addon: str) -> None:
    """Destroy the add-on, the app and the space."""
    assert "done" in shell.said(f"heroku addons:destroy {addon} -a ferry --confirm ferry")
    assert "_URL" not in shell.run("heroku config -a ferry")
    assert "done" in shell.said("heroku apps:destroy ferry --confirm ferry")
    assert "Destroying space harbor... done" in shell.said("heroku spaces:destroy harbor --confirm harbor")


@pytest.mark.parametrize(
    ("plan", "attachment", "port", "version"),
    [
        ("heroku-redis:private-7", "REDIS", 6379, "2.0.1"),
        ("heroku-postgresql:private-4", "DATABASE", 5432, "1.3.4"),
    ],
)
def test_two_command_lines_walk_the_article(shell: Shell, plan: str, attachment: str, port: int, version: str) -> None:
    """Every step of the article works and shows what was done, and everything can be undone."""
    assert shell.run("aws sts get-caller-identity --query Account --output text") == "123456789101\n"
    assert shell.aws("sts get-caller-identity")["Arn"] == PRINCIPAL
    addon = make_addon(shell, plan, attachment)
    link = plugin(shell, version)
    service = make_link(link, addon)
    [vpc] = [each["VpcId"] for each in shell.aws("ec2 describe-vpcs")["Vpcs"]]
    group = make_group(shell, vpc, port)
    endpoint = make_endpoint(shell, vpc, service, group)
    check_config_var(shell, link, addon, attachment, endpoint)
    undo_aws(shell, link, addon, endpoint, group)
    undo_heroku(shell, addon)
