"""The article's last section: clients in the VPC connect to the Redis through the endpoint, exactly while they may.

The world moves by hand. What is done to it is done by the command lines and SDKs with which one does it; the URLs are
what `heroku config` prints.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme
from account import Account, code
from article import Article, authority
from heroku_cli import Heroku
from live import Server, serving
from redis_clients import answers, connected, everybody, held


@pytest.fixture(scope="module", params=["redis-server", "fakeredis"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with a data plane, over each kind of Redis."""
    chosen: str = request.param
    assert chosen == "fakeredis" or shutil.which(chosen), f"{chosen} is not installed: run `make test`"
    with serving("--ephemeral", "--data-plane", "--redis-server", chosen) as running:
        yield running


@pytest.fixture
def world(account: Account) -> Account:
    """The sandbox that everybody works in."""
    return account


def test_clients_connect_exactly_while_they_may(world: Account, heroku: Heroku, tmp_path: Path) -> None:
    """Each client is refused, let in, cut off and refused again when the real endpoint's clients would be."""
    article = Article.begin(world, heroku)
    endpoint = article.waiting()
    before_it_is_available(article, endpoint)
    everybody_gets_in(article, endpoint, tmp_path)
    url = after_a_rotation(article, endpoint)
    after_the_account_was_removed(article, url)
    after_a_reject(article, endpoint, url)
    after_the_link_is_gone(article)
    after_the_addon_is_gone(article)


def before_it_is_available(article: Article, endpoint: str) -> None:
    """Its address, which EC2 shows, refuses everybody; then it is the URL's."""
    url = article.expected(endpoint)
    assert answers(url) == everybody("refused")
    assert article.variable(endpoint) not in article.account.config()
    article.account.until("idle")
    assert article.config[article.variable(endpoint)] == url
    assert article.interfaces(endpoint) == 3 * [url.rpartition("@")[2].removesuffix(":6379")]


def everybody_gets_in(article: Article, endpoint: str, folder: Path) -> None:
    """Whether clients verify the server or not, through the endpoint and as a dyno would, it is the same Redis."""
    config = article.config
    url, own = config[article.variable(endpoint)], config["REDIS_URL"]
    trusted, stranger = authority(article.account, folder), folder / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    assert answers(url) == everybody("PONG")
    assert answers(url, trusted) == everybody("PONG")
    assert "PONG" not in answers(url, stranger).values()
    said = article.heroku("redis:cli", "-a", "ferry", typed="PING\nSET harbor ferry\nGET harbor\n")
    assert f"Connecting to {article.addon} ({article.variable(endpoint)}, REDIS_URL):\nPONG\n" in said
    for each in (url, own):
        with connected(each, trusted) as store:
            assert store.get("harbor") == b"ferry"


def after_a_rotation(article: Article, endpoint: str) -> str:
    """Who is connected is cut off, the old URL's password is wrong, the new URL leads to the same data."""
    old = article.account.config()
    with ExitStack() as stack:
        inside = [stack.enter_context(held(old[name])) for name in (article.variable(endpoint), "REDIS_URL")]
        said = article.heroku("redis:credentials", "REDIS", "--reset", "-a", "ferry")
        assert f"Resetting credentials for {article.addon}" in said
        assert all(each.is_cut() for each in inside)
    assert answers(old[article.variable(endpoint)]) == everybody("wrong password")
    url = article.config[article.variable(endpoint)]
    assert url != old[article.variable(endpoint)]
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
    left = article.config
    assert article.variable(endpoint) not in left
    assert answers(left["REDIS_URL"]) == everybody("PONG")


def after_the_link_is_gone(article: Article) -> None:
    """An endpoint of it closes at once."""
    _, url = article.available()
    with held(url) as inside:
        article.account.call("DELETE", article.link)
        assert inside.is_cut()
    assert answers(url) == everybody("refused")
    assert answers(article.account.config()["REDIS_URL"]) == everybody("PONG")


def after_the_addon_is_gone(article: Article) -> None:
    """The endpoint of another link closes, and so does the Redis's own URL."""
    article.account.until("idle")
    article.account.link(article.addon, article.account.id)
    _, url = article.available()
    own = article.account.config()["REDIS_URL"]
    with held(url) as inside, held(own) as beside:
        article.heroku("addons:destroy", article.addon, "-a", "ferry", "--confirm", "ferry")
        assert inside.is_cut()
        assert beside.is_cut()
    assert answers(url) == answers(own) == everybody("refused")
    assert article.account.config() == {}
