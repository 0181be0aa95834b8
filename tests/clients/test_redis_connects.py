"""The article's last section: clients in the VPC connect to the Redis through the endpoint, exactly while they may.

The world moves by hand. What is done to it is done by the command lines and SDKs with which one does it; the URLs are
what `heroku config` prints.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from account import Account, code
from heroku_cli import Heroku
from live import KAGEMUSHA, Server, serving
from redis_clients import answers, connected, everybody, held


@pytest.fixture(scope="module", params=["redis-server", "fakeredis"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with a data plane, over each kind of Redis."""
    chosen: str = request.param
    assert chosen == "fakeredis" or shutil.which(chosen), f"{chosen} is not installed: run `make test`"
    with serving("--ephemeral", "--data-plane", "--redis-server", chosen) as running:
        yield running


@pytest.fixture
def world(server: Server) -> Iterator[Account]:
    """A sandbox, and its AWS account, on a clock that the test moves."""
    with server.client() as client:
        made = Account.make(client, None)
        yield made
        client.delete(f"/_sim/sandboxes/{made.name}")


@dataclass(frozen=True)
class Article:
    """The article up to its last section, as far as it has come: an app with a Redis, and a privatelink."""

    account: Account
    heroku: Heroku
    addon: str
    group: str
    """The security group of the endpoints: open for Redis to the VPC, as in the README."""

    @classmethod
    def begin(cls, account: Account, heroku: Heroku) -> "Article":
        """Let the account's root in."""
        addon = account.addon(account.app())
        account.link(addon, account.id)
        made = account.ec2.create_security_group(GroupName="redis", Description="Its clients", VpcId=account.vpc)
        [vpc] = account.ec2.describe_vpcs(VpcIds=[account.vpc])["Vpcs"]
        account.ec2.authorize_security_group_ingress(
            GroupId=made["GroupId"], IpProtocol="tcp", FromPort=6379, ToPort=6379, CidrIp=vpc["CidrBlock"]
        )
        return cls(account, heroku, addon, made["GroupId"])

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
        return endpoint, self.config[variable(endpoint)]

    def interfaces(self, endpoint: str) -> list[str]:
        """The addresses of the endpoint's network interfaces, as EC2 shows them."""
        shown = self.account.described(endpoint)["NetworkInterfaceIds"]
        found = self.account.ec2.describe_network_interfaces(NetworkInterfaceIds=shown)["NetworkInterfaces"]
        return [each["PrivateIpAddress"] for each in found]

    def expected(self, endpoint: str) -> str:
        """The URL that an endpoint will have, by what EC2 shows of it and the Redis's own."""
        [address] = set(self.interfaces(endpoint))
        credentials = self.config["REDIS_URL"].removeprefix("rediss://").partition("@")[0]
        return f"redis://{credentials}@{address}:6379"

    def allow(self, method: str) -> None:
        """Let the account in (``PUT``), or take it away (``PATCH``)."""
        self.account.call(method, f"{self.link}/allowed_accounts", {"allowed_accounts": [self.account.id]})
        self.account.until("idle")


def variable(endpoint: str) -> str:
    """The config var of an endpoint."""
    return f"REDIS_ENDPOINT_{endpoint.removeprefix('vpce-').upper()}_URL"


def authority(account: Account, folder: Path) -> Path:
    """What `kagemusha ca` prints, in a file."""
    command = [*KAGEMUSHA, "ca", "--sandbox", account.name, "--url", account.url]
    file = folder / "ca.pem"
    file.write_text(subprocess.check_output(command, text=True))
    return file


def test_clients_connect_exactly_while_they_may(world: Account, heroku: Heroku, tmp_path: Path) -> None:
    """Each client is refused, let in, cut off and refused again when the real endpoint's clients would be."""
    article = Article.begin(world, heroku)
    endpoint = article.waiting()
    before_it_is_available(article, endpoint)
    url = article.config[variable(endpoint)]
    everybody_gets_in(article, url, tmp_path)
    url = after_a_rotation(article, endpoint)
    after_the_account_was_removed(article, url)
    after_a_reject(article, endpoint, url)
    after_the_link_is_gone(article)
    after_the_addon_is_gone(article)


def before_it_is_available(article: Article, endpoint: str) -> None:
    """Its address, which EC2 shows, refuses everybody; then it is the URL's."""
    url = article.expected(endpoint)
    assert answers(url) == everybody("refused")
    assert variable(endpoint) not in article.config
    article.account.until("idle")
    assert article.config[variable(endpoint)] == url
    assert article.interfaces(endpoint) == 3 * [url.rpartition("@")[2].removesuffix(":6379")]


def everybody_gets_in(article: Article, url: str, folder: Path) -> None:
    """Whether clients verify the server or not, through the endpoint and as a dyno would, it is the same Redis."""
    trusted, stranger = authority(article.account, folder), folder / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    assert answers(url) == everybody("PONG")
    assert answers(url, trusted) == everybody("PONG")
    assert "PONG" not in answers(url, stranger).values()
    said = article.heroku("redis:cli", "-a", "ferry", typed="PING\nSET harbor ferry\nGET harbor\n")
    assert f"Connecting to {article.addon} ({variable_of(article, url)}, REDIS_URL):\nPONG\n" in said
    for each in (url, article.config["REDIS_URL"]):
        with connected(each, trusted) as store:
            assert store.get("harbor") == b"ferry"


def variable_of(article: Article, url: str) -> str:
    """The config var that holds a URL."""
    [found] = [name for name, value in article.config.items() if value == url]
    return found


def after_a_rotation(article: Article, endpoint: str) -> str:
    """Who is connected is cut off, the old URL's password is wrong, and the new URL works and leads to the same data."""
    old = article.config
    with ExitStack() as stack:
        inside = [stack.enter_context(held(old[name])) for name in (variable(endpoint), "REDIS_URL")]
        said = article.heroku("redis:credentials", "REDIS", "--reset", "-a", "ferry")
        assert f"Resetting credentials for {article.addon}" in said
        assert all(each.is_cut() for each in inside)
    assert answers(old[variable(endpoint)]) == everybody("wrong password")
    url = article.config[variable(endpoint)]
    assert url != old[variable(endpoint)]
    assert answers(url) == everybody("PONG")
    with connected(url) as store:
        assert store.get("harbor") == b"ferry"
    return url


def after_the_account_was_removed(article: Article, url: str) -> None:
    """A new endpoint never gets in, one that waited waits on, and the accepted one goes on working."""
    account, link = article.account, article.account.get(article.link)
    waiting = article.waiting()
    article.allow("PATCH")
    assert code(account.made, ServiceName=link["service_name"]) == "InvalidServiceName"
    assert account.described(waiting)["State"] == "pendingAcceptance"
    assert answers(article.expected(waiting)) == everybody("refused")
    assert answers(url) == everybody("PONG")
    article.allow("PUT")


def after_a_reject(article: Article, endpoint: str, url: str) -> None:
    """Who is connected is cut off, and nobody gets in any more; the Redis's own URL works."""
    service = article.account.get(article.link)["service_name"].rpartition(".")[2]
    with held(url) as inside:
        asked: dict[str, Any] = {"ServiceId": service, "VpcEndpointIds": [endpoint]}
        assert article.account.operator.reject_vpc_endpoint_connections(**asked)["Unsuccessful"] == []
        assert inside.is_cut()
    assert answers(url) == everybody("refused")
    assert variable(endpoint) not in article.config
    assert answers(article.config["REDIS_URL"]) == everybody("PONG")


def after_the_link_is_gone(article: Article) -> None:
    """An endpoint of it closes at once."""
    _, url = article.available()
    with held(url) as inside:
        article.account.call("DELETE", article.link)
        assert inside.is_cut()
    assert answers(url) == everybody("refused")
    assert answers(article.config["REDIS_URL"]) == everybody("PONG")


def after_the_addon_is_gone(article: Article) -> None:
    """The endpoint of another link closes, and so does the Redis's own URL."""
    article.account.until("idle")
    article.account.link(article.addon, article.account.id)
    _, url = article.available()
    own = article.config["REDIS_URL"]
    with held(url) as inside, held(own) as beside:
        article.heroku("addons:destroy", article.addon, "-a", "ferry", "--confirm", "ferry")
        assert inside.is_cut()
        assert beside.is_cut()
    assert answers(url) == answers(own) == everybody("refused")
    assert article.config == {}
