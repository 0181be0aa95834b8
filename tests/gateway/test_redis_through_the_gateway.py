"""What clients of Redis do, through an endpoint on TLS, with each of the backends behind it."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from doorways import Reach
from driver import World
from live import serving
from redis import Redis
from redis.exceptions import WatchError

PATIENCE = 60.0
CROWD = 200


@dataclass(frozen=True)
class Endpoint:
    """An endpoint that is available, its URL, and the authority that its clients trust."""

    reach: Reach
    url: str
    authority: Path

    def client(self, **more: Any) -> Redis:
        """A client that verifies whom it talks to; the URL does not say that it is TLS."""
        url = self.url.replace("redis://", "rediss://", 1)
        options = {"ssl_ca_certs": f"{self.authority}", "socket_timeout": PATIENCE} | more
        return Redis.from_url(url, **options)


@pytest.fixture(scope="module", params=["redis-server", "fakeredis"])
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The endpoint of a live server, which logs nothing."""
    folder = tmp_path_factory.mktemp("endpoint")
    log, authority = folder / "log", folder / "ca.pem"
    options = ("--ephemeral", "--data-plane", "--redis-server", request.param)
    with serving(*options, log=log) as server, server.client() as http:
        reach = Reach(World.make(http))
        authority.write_text(reach.world.sim("GET", "/data-plane/authority")["certificate"])
        yield Endpoint(reach, reach.config[reach.variable], authority)
    assert log.read_text() == ""


def test_pipelines(endpoint: Endpoint) -> None:
    """Ten thousand commands sent at once are answered one by one, in order."""
    with endpoint.client() as client, client.pipeline(transaction=False) as pipeline:
        for number in range(10_000):
            pipeline.set(f"pipeline-{number % 7}", number)
            pipeline.get(f"pipeline-{number % 7}")
        answers = pipeline.execute()
    assert answers[::2] == [True] * 10_000
    assert answers[1::2] == [f"{number}".encode() for number in range(10_000)]


@pytest.mark.parametrize("protocol", [2, 3])
def test_messages_are_heard(endpoint: Endpoint, protocol: int) -> None:
    """Subscribers of a channel and of a pattern hear every message in order, by both versions of the protocol."""
    said = [f"{number}".encode() for number in range(1_000)]
    with (
        endpoint.client(protocol=protocol) as client,
        closing(client.pubsub()) as one,
        closing(client.pubsub()) as all_,
    ):
        one.subscribe("news")
        all_.psubscribe("n*")
        assert [_heard(each)["type"] for each in (one, all_)] == ["subscribe", "psubscribe"]
        assert [client.publish("news", each) for each in said] == [2] * len(said)
        for each, kind in ((one, "message"), (all_, "pmessage")):
            assert [(found["type"], found["data"]) for found in (_heard(each) for _ in said)] == [
                (kind, data) for data in said
            ]


def _heard(subscriber: Any) -> Any:
    found = subscriber.get_message(timeout=PATIENCE)
    assert found is not None, "nothing was heard"
    return found


def test_pops_wait(endpoint: Endpoint) -> None:
    """Two clients that wait for each other's word have it, again and again; who waits for nobody's waits in vain."""
    rounds = 200

    def answer() -> None:
        with endpoint.client() as client:
            for _ in range(rounds):
                found = client.blpop("asked", timeout=PATIENCE)
                assert found is not None
                client.rpush("answered", found[1])

    with endpoint.client() as client, ThreadPoolExecutor(1) as other:
        answering = other.submit(answer)
        for number in range(rounds):
            client.rpush("asked", number)
            assert client.blpop("answered", timeout=PATIENCE) == (b"answered", f"{number}".encode())
        answering.result(PATIENCE)
        assert client.blpop("asked", timeout=0.1) is None


def test_transactions(endpoint: Endpoint) -> None:
    """What a transaction has watched and somebody changed undoes it; eight who count at once lose no count."""

    def one_more(pipeline: Any) -> None:
        found = int(pipeline.get("count") or 0)
        pipeline.multi()
        pipeline.set("count", found + 1)

    def count() -> None:
        with endpoint.client() as client:
            for _ in range(20):
                client.transaction(one_more, "count")

    with endpoint.client() as client, endpoint.client() as other:
        with client.pipeline() as pipeline:
            pipeline.watch("watched")
            other.set("watched", "by another")
            pipeline.multi()
            pipeline.set("watched", "by one")
            with pytest.raises(WatchError):
                pipeline.execute()
        assert client.get("watched") == b"by another"
        with ThreadPoolExecutor(8) as counting:
            for each in [counting.submit(count) for _ in range(8)]:
                each.result(PATIENCE)
        assert client.get("count") == b"160"


def test_large_values(endpoint: Endpoint) -> None:
    """Ten megabytes go in and come out as they were."""
    value = random.Random(10).randbytes(10_000_000)
    with endpoint.client() as client:
        assert client.set("large", value)
        assert client.strlen("large") == len(value)
        assert client.get("large") == value
        client.delete("large")


def test_last_words_are_heard(endpoint: Endpoint) -> None:
    """A client that says goodbye, whereupon the store ends the connection, has all that it asked for before."""
    password = urlsplit(endpoint.url).password
    with endpoint.client() as client, closing(endpoint.reach.connect()) as slow:
        client.set("last", b"x" * 10_000_000)
        slow.sendall(f"AUTH {password}\r\nGET last\r\nQUIT\r\n".encode())
        heard = b"".join(iter(lambda: slow.recv(1 << 20), b""))
        client.delete("last")
    assert heard == b"+OK\r\n$10000000\r\n" + b"x" * 10_000_000 + b"\r\n+OK\r\n"


def test_a_crowd(endpoint: Endpoint) -> None:
    """Two hundred connections are open at once, and each of them is answered."""
    with ExitStack() as stack, ThreadPoolExecutor(16) as asking:
        made = asking.map(lambda _: endpoint.client(single_connection_client=True), range(CROWD))
        clients = [stack.enter_context(each) for each in made]
        assert endpoint.reach.world.sim("GET", "/data-plane")["open"] == CROWD
        answers = list(asking.map(lambda client: client.incr("crowd"), clients))
        assert sorted(answers) == list(range(1, CROWD + 1))
        assert len({client.client_id() for client in clients}) == CROWD
    endpoint.reach.until_nobody_is_there()
