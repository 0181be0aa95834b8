"""What each call answers with each kind of AWS emulator behind the server, failing ones included."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from driver import World
from upstreams import HTML, PAGE, boto, http, moto_server, nobody, saying

Answering = Callable[..., AbstractContextManager[str]]
OK = "ok"
DOWN = "Unavailable"
PATIENCE, SHORT = 10.0, 0.3
"""Seconds that an upstream may take, and one that never answers."""
SLACK = 3.0
"""Seconds for all else, on a busy machine."""


class Consumer:
    """Who calls: an AWS account with an endpoint that was made without its emulator."""

    def __init__(self, url: str, world: World) -> None:
        """In a world with a privatelink."""
        self.ec2, self.sts, self.s3 = (boto(url, service) for service in ("ec2", "sts", "s3"))
        self.iam = boto(url, "iam")
        self.service = world.link(world.addon(world.app()))["service_name"]
        self.endpoint = world.endpoint(self.service)

    def create(self) -> Any:
        """CreateVpcEndpoint in the default VPC, if there is one that can be found."""
        try:
            vpc = self.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
        except ClientError:
            vpc = "vpc-0123456789abcdef0"
        return self.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=self.service, VpcEndpointType="Interface")

    def list_of_service(self) -> Any:
        """DescribeVpcEndpoints of our service alone: no other endpoint can be meant."""
        wanted = [{"Name": "service-name", "Values": [self.service]}]
        found = self.ec2.describe_vpc_endpoints(Filters=wanted)["VpcEndpoints"]
        assert self.endpoint in [each["VpcEndpointId"] for each in found]

    def by_id(self) -> Any:
        """DescribeVpcEndpoints of the endpoint."""
        [found] = self.ec2.describe_vpc_endpoints(VpcEndpointIds=[self.endpoint])["VpcEndpoints"]
        assert found["State"] == "pendingAcceptance"

    def delete(self) -> Any:
        """DeleteVpcEndpoints of the endpoint, which succeeds for it."""
        assert self.ec2.delete_vpc_endpoints(VpcEndpointIds=[self.endpoint])["Unsuccessful"] == []

    def store(self) -> Any:
        """S3: an object put and got."""
        self.s3.create_bucket(Bucket="harbor")
        self.s3.put_object(Bucket="harbor", Key="a/b", Body=b"cargo")
        assert self.s3.get_object(Bucket="harbor", Key="a/b")["Body"].read() == b"cargo"


CALLS: dict[str, Callable[[Consumer], Any]] = {
    "get-caller-identity": lambda who: who.sts.get_caller_identity(),
    "get-session-token": lambda who: who.sts.get_session_token(),
    "describe-vpcs": lambda who: who.ec2.describe_vpcs(),
    "run-instances": lambda who: who.ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1),
    "list-users": lambda who: who.iam.list_users(),
    "s3": Consumer.store,
    "describe-our-service": lambda who: who.ec2.describe_vpc_endpoint_services(ServiceNames=[who.service]),
    "describe-all-services": lambda who: who.ec2.describe_vpc_endpoint_services(),
    "create-vpc-endpoint": Consumer.create,
    "describe-our-endpoint": Consumer.by_id,
    "describe-endpoints-of-our-service": Consumer.list_of_service,
    "describe-all-endpoints": lambda who: who.ec2.describe_vpc_endpoints(),
    "describe-network-interfaces": lambda who: who.ec2.describe_network_interfaces(),
    "tag-our-endpoint": lambda who: who.ec2.create_tags(
        Resources=[who.endpoint], Tags=[{"Key": "ship", "Value": "ferry"}]
    ),
    # The last one: the endpoint is gone after it.
    "delete-our-endpoint": Consumer.delete,
}
OURS = {
    "get-caller-identity", "describe-our-service", "describe-our-endpoint", "describe-endpoints-of-our-service",
    "tag-our-endpoint", "delete-our-endpoint",
}  # fmt: skip
"""What needs no emulator, and so always succeeds."""
ALL_WELL = dict.fromkeys(CALLS, OK)
UNAVAILABLE = {call: OK if call in OURS else DOWN for call in CALLS}
# A page with a 500 is how a moto server says that it doesn't know an action. Of S3, the emulator's answers pass as they
# are, since an object may be anything.
NO_ACTION = {"get-session-token", "describe-vpcs", "run-instances", "list-users"}
PAGES = UNAVAILABLE | dict.fromkeys(NO_ACTION, "UnsupportedOperation") | {"s3": "500"}
NO_CODE = UNAVAILABLE | {"s3": ""}

UPSTREAMS: dict[str, tuple[Callable[[], AbstractContextManager[str | None]], dict[str, str]]] = {
    "embedded": (nullcontext, ALL_WELL),
    "moto server": (moto_server, ALL_WELL),
    "nobody": (nobody, UNAVAILABLE),
    "slow": (lambda: saying(None), UNAVAILABLE),
    "not HTTP": (lambda: saying(b"SSH-2.0-OpenSSH_9.6\r\n"), UNAVAILABLE),
    "cut short": (lambda: saying(http(200, "text/xml", "<Resp" + "o" * 50)[:-20]), UNAVAILABLE),
    "page with 500": (lambda: saying(http(500, HTML, PAGE)), PAGES),
    "page with 404": (lambda: saying(http(404, HTML, PAGE)), NO_CODE),
    "JSON with 404": (
        lambda: saying(http(404, "application/json", '{"error": "not found"}')),
        UNAVAILABLE | {"s3": "404"},
    ),
    "XML of another kind": (lambda: saying(http(404, "text/xml", "<rss><channel/></rss>")), NO_CODE),
    "broken XML": (lambda: saying(http(503, "text/xml", "<Response><Err")), UNAVAILABLE | {"s3": "503"}),
}


def outcome(call: Callable[[], Any]) -> str:
    """``ok``, or the code of AWS's error; anything else that boto3 raises fails the test."""
    try:
        call()
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        message = error.response["Error"]["Message"]
        assert "Traceback" not in message
        if code == DOWN:
            assert message.startswith("The AWS emulator behind kagemusha does not answer: ")
        return code
    return OK


@pytest.mark.parametrize("upstream", UPSTREAMS)
def test_each_call_has_its_answer_with_each_upstream(
    answering: Answering, upstream: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What is ours always works; what needs the emulator is AWS's own error at once, and no stack trace."""
    behind, expected = UPSTREAMS[upstream]
    patience = SHORT if upstream == "slow" else PATIENCE
    with (
        behind() as address,
        answering(address, patience) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        who = Consumer(url, World(client, "default", "any"))
        answered = {}
        for name, call in CALLS.items():
            began = time.monotonic()
            answered[name] = outcome(lambda call=call: call(who))
            # A call that fails has asked the emulator once; S3 and the create look for a bucket and a VPC before.
            assert answered[name] == OK or time.monotonic() - began < 2 * SHORT + SLACK, name
    assert answered == expected
    assert not [each for each in caplog.records if each.exc_info]
