"""Redis as clients find it: the same by redis-server and by fakeredis."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from kagemusha.dataplane.backend import BackendProblem
from kagemusha.domain.doors import DataStore
from listener import PATIENCE
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError, WatchError

PASSWORD = b"p34f25b73fe7f1522d191ae6fc3a814da"
Say = Callable[[bytes], bytes]
NO_AUTH = b"-NOAUTH Authentication required.\r\n"
WRONG_PASSWORD = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"


@contextmanager
def talking(port: int) -> Iterator[Say]:
    """A function that says something and hears one line; b"" when the other side has gone."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain, plain.makefile("rwb") as both:

        def say(words: bytes = b"") -> bytes:
            try:
                both.write(words)
                both.flush()
                return both.readline()
            except ConnectionError:
                return b""

        yield say


@pytest.fixture
def say(plane: Any) -> Iterator[Say]:
    """Who talks to the store with its own words."""
    with talking(plane.port()) as words:
        yield words


@pytest.fixture
def client(plane: Any) -> Iterator[Redis]:
    """A client that was let in."""
    with plane.client(plane.port()) as made:
        yield made


@pytest.mark.parametrize("auth", [b"AUTH %s\r\n", b"AUTH default %s\r\n", b"AUTH h %s\r\n", b"HELLO 2 AUTH h %s\r\n"])
def test_the_right_password_lets_in(say: Say, auth: bytes) -> None:
    """AUTH with one argument and with two, and HELLO, take the store's password for `default` and `h`."""
    assert say(b"PING\r\n") == NO_AUTH
    assert say(auth % PASSWORD)[:1] in b"+*"
    heard = say(b"PING\r\n")
    while heard not in {b"+PONG\r\n", b"", NO_AUTH}:
        heard = say()
    assert heard == b"+PONG\r\n"


@pytest.mark.parametrize("words", [b"AUTH no", b"AUTH h no", b"AUTH root %s", b"HELLO 3 AUTH h no", b"AUTH default no"])
def test_a_wrong_password_does_not(say: Say, words: bytes) -> None:
    """Another password or user is WRONGPASS, and nothing is done for whoever has it."""
    assert say(words.replace(b"%s", PASSWORD) + b"\r\n") == WRONG_PASSWORD
    assert say(b"GET a\r\n") == NO_AUTH


def test_hello_wants_a_password_and_a_protocol_that_there_is(say: Say) -> None:
    """HELLO without AUTH is NOAUTH to strangers; protocols are 2 and 3."""
    assert say(b"HELLO 3\r\n").startswith(b"-NOAUTH HELLO must be called with the client already authenticated")
    assert say(b"HELLO 4\r\n") == b"-NOPROTO unsupported protocol version\r\n"
    assert say(b"HELLO x\r\n") == b"-ERR Protocol version is not an integer or out of range\r\n"


@pytest.mark.parametrize("protocol", [2, 3])
def test_hello_greets(plane: Any, protocol: int) -> None:
    """HELLO with AUTH and SETNAME lets in, names the client and speaks the protocol from then on."""
    port = plane.port()
    with plane.client(port, protocol=protocol, client_name="ferry") as client:
        greeting = client.execute_command("HELLO", protocol)
        found = greeting if isinstance(greeting, dict) else dict(zip(greeting[::2], greeting[1::2], strict=True))
        assert (found[b"proto"], found[b"server"], found[b"role"]) == (protocol, b"redis", b"master")
        assert client.client_getname() in {b"ferry", "ferry"}


def test_lines_are_commands(say: Say) -> None:
    """Inline commands are taken all along, with quotes as Redis reads them, as `heroku redis:cli` sends them."""
    assert say(b"AUTH %s\n" % PASSWORD) == b"+OK\r\n"
    assert say(b'\r\n  SET "a key" "1\\n2\\x41\\""\n') == b"+OK\r\n"
    assert say(b"STRLEN 'a key'\r\n") == b":5\r\n"
    assert say(b"GET 'it\\'s'\r\n") == b"$-1\r\n"


def test_quit_says_good_bye(say: Say) -> None:
    """QUIT is answered, and ends the connection; strangers may."""
    assert say(b"QUIT\r\n") == b"+OK\r\n"
    assert say() == b""


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (b"*x\r\n", b"invalid multibulk length"),
        (b"*2147483648\r\n", b"invalid multibulk length"),
        (b"*11\r\n", b"unauthenticated multibulk length"),
        (b"*1\r\n$20000\r\n", b"unauthenticated bulk length"),
        (b"*1\r\n$x\r\n", b"invalid bulk length"),
        (b"*1\r\n+PING\r\n", b"expected '$', got '+'"),
        (b"x" * 70_000, b"too big inline request"),
        (b"*1" + b"1" * 70_000, b"too big mbulk count string"),
        (b'GET "a\r\n', b"unbalanced quotes in request"),
        (b"GET 'a'b\r\n", b"unbalanced quotes in request"),
    ],
)
def test_what_is_no_request_is_told_so_and_ended(say: Say, words: bytes, problem: bytes) -> None:
    """A broken opening gets Redis' own protocol error, and the connection ends."""
    assert say(words) == b"-ERR Protocol error: %s\r\n" % problem
    assert say() == b""


REFUSALS = [
    ("CONFIG", "GET", "*"), ("SHUTDOWN",), ("MODULE", "LIST"), ("REPLICAOF", "NO", "ONE"),
    ("SLAVEOF", "NO", "ONE"), ("BGSAVE",), ("SAVE",), ("BGREWRITEAOF",), ("ACL", "LIST"), ("ACL", "SETUSER", "x"),
    ("MIGRATE", "a", "1", "b", "0", "1"), ("SYNC",), ("PSYNC", "a", "1"), ("FAILOVER",),
]  # fmt: skip


@pytest.mark.parametrize("command", REFUSALS, ids=" ".join)
def test_the_server_is_not_the_customers(client: Redis, command: tuple[str, ...]) -> None:
    """What would change the server itself is refused with NOPERM, in transactions too."""
    shown = "|".join(command[:2]).lower() if command[0] in {"CONFIG", "MODULE", "ACL"} else command[0].lower()
    with pytest.raises(NoPermissionError, match=rf"has no permissions to run the '{re.escape(shown)}' command"):
        client.execute_command(*command)
    assert client.execute_command("ACL", "WHOAMI") in {b"h", "h"}
    with client.pipeline() as pipeline:
        pipeline.set("a", "1")
        pipeline.execute_command(*command)
        with pytest.raises(ResponseError):
            pipeline.execute()
    assert client.get("a") is None


def test_debug_is_refused(client: Redis) -> None:
    """DEBUG is refused: Redis has an answer of its own for it, before it looks at permissions."""
    with pytest.raises(ResponseError, match=r"DEBUG command not allowed|has no permissions to run the 'debug' command"):
        client.execute_command("DEBUG", "SLEEP", "0")


def test_what_there_is_not_is_unknown(say: Say) -> None:
    """An unknown command is told so as Redis does, to strangers too."""
    assert say(b"FLY away 'to me'\r\n") == b"-ERR unknown command 'FLY', with args beginning with: 'away' 'to me' \r\n"


def test_a_pipeline_is_answered_in_order(client: Redis) -> None:
    """Requests that come together are answered in their order."""
    with client.pipeline(transaction=False) as pipeline:
        for number in range(2000):
            pipeline.set(f"k{number}", number)
            pipeline.get(f"k{number}")
        assert pipeline.execute()[1::2] == [b"%d" % number for number in range(2000)]


def test_transactions(plane: Any) -> None:
    """MULTI and EXEC are one step; WATCH gives up when somebody else was there."""
    port = plane.port()
    with plane.client(port) as one, plane.client(port) as other, one.pipeline() as pipeline:
        assert pipeline.set("a", 1).incr("a").lpush("l", "x").execute() == [True, 2, 1]
        pipeline.watch("a")
        other.set("a", 7)
        pipeline.multi()
        pipeline.set("a", 8)
        with pytest.raises(WatchError):
            pipeline.execute()
        assert one.get("a") == b"7"


@pytest.mark.parametrize("protocol", [2, 3])
def test_what_is_published_is_heard(plane: Any, protocol: int) -> None:
    """Subscribers of a channel and of a pattern get what another client publishes, in either protocol."""
    port = plane.port()
    with plane.client(port, protocol=protocol) as listens, plane.client(port) as speaks, listens.pubsub() as heard:
        heard.subscribe("news")
        heard.psubscribe("n*")
        kinds = [heard.get_message(timeout=PATIENCE)["type"] for _ in range(2)]
        assert kinds == ["subscribe", "psubscribe"]
        assert speaks.publish("news", "x" * 1000) == 2
        told = [heard.get_message(timeout=PATIENCE) for _ in range(2)]
        assert {(each["type"], each["data"]) for each in told} == {("message", b"x" * 1000), ("pmessage", b"x" * 1000)}


def test_subscribers_may_do_more_in_resp3(say: Say) -> None:
    """Who is subscribed runs other commands in RESP3, and in RESP2 is told that it can't."""
    assert say(b"AUTH %s\r\n" % PASSWORD) == b"+OK\r\n"
    assert say(b"SUBSCRIBE news\r\n") == b"*3\r\n"
    heard = [say() for _ in range(5)]
    assert heard[-1] == b":1\r\n"
    assert say(b"GET a\r\n").startswith(b"-ERR ")
    assert say(b"RESET\r\n") == b"+RESET\r\n"
    assert say(b"GET a\r\n") == NO_AUTH
    heard = [say(b"HELLO 3 AUTH h %s\r\nSUBSCRIBE news\r\n" % PASSWORD)]
    while heard[-1] != b">3\r\n":
        heard.append(say())
    heard = [say() for _ in range(5)]
    assert heard[-1] == b":1\r\n"
    assert say(b"GET a\r\n") == b"_\r\n"


def test_who_waits_first_is_served_first(plane: Any) -> None:
    """Several clients wait for one list at once; nobody else is held up, and the first to come has the first."""
    port, got = plane.port(), {}

    def wait(number: int) -> None:
        with plane.client(port, client_name=f"w{number}") as client:
            got[number] = client.blpop("queue", timeout=PATIENCE)[1]

    with plane.client(port) as client:
        threads = [threading.Thread(target=wait, args=(number,)) for number in range(5)]
        for number, each in enumerate(threads):
            each.start()
            while _waiting(client) <= number:
                client.ping()
        client.rpush("queue", *range(5))
        for each in threads:
            each.join(PATIENCE)
    assert got == {number: b"%d" % number for number in range(5)}


def _waiting(client: Redis) -> int:
    return int(client.info()["blocked_clients"])


def test_who_went_away_gets_nothing(plane: Any) -> None:
    """A client that goes while it waits takes nothing from the list."""
    port = plane.port()
    with plane.client(port) as client:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain:
            plain.sendall(b"AUTH %s\r\nBLPOP queue 0\r\n" % PASSWORD)
            while not _waiting(client):
                client.ping()
        while _waiting(client):
            client.ping()
        client.rpush("queue", "x")
        assert client.lrange("queue", 0, -1) == [b"x"]


def test_waiting_ends(say: Say) -> None:
    """A wait that is over is answered with a null array, and what was asked meanwhile is done then."""
    assert say(b"AUTH %s\r\n" % PASSWORD) == b"+OK\r\n"
    assert say(b"BLPOP none 0.05\r\nPING\r\n") == b"*-1\r\n"
    assert say() == b"+PONG\r\n"


def test_large_values(client: Redis) -> None:
    """10 MB go in and come out as they were."""
    value = bytes(range(256)) * 40_960
    client.set("big", value)
    assert client.get("big") == value


def test_two_hundred_at_once(plane: Any) -> None:
    """200 connections are open at the same time, and all are served."""
    port = plane.port()
    with ExitStack() as stack:
        clients = [stack.enter_context(plane.client(port, single_connection_client=True)) for _ in range(200)]
        assert all(client.ping() for client in clients)
        assert [client.incr("n") for client in clients] == list(range(1, 201))
        assert clients[0].info()["connected_clients"] == 200


def test_databases_and_clients(client: Redis) -> None:
    """SELECT changes the database, CLIENT SETNAME is taken, FLUSHALL empties."""
    with client.client() as one:
        one.set("a", 1)
        assert one.select(3)
        assert one.get("a") is None
        assert one.client_setname("ferry")
        one.flushall()
        assert one.select(0)
        assert one.get("a") is None
        with pytest.raises(ResponseError, match="DB index is out of range"):
            one.select(16)


def test_a_rotated_password_is_the_only_one(plane: Any, changed: Callable[..., DataStore]) -> None:
    """After agree() the old password is refused and the new one let in; the data is what it was."""
    port = plane.port()
    with plane.client(port) as client:
        client.set("a", "1")
    plane.agree(changed(password="new"))
    with plane.client(port) as old, pytest.raises(AuthenticationError):
        old.ping()
    with plane.client(port, password="new") as new:
        assert new.get("a") == b"1"


def test_settings_are_taken_on(plane: Any, changed: Callable[..., DataStore]) -> None:
    """After agree() INFO shows the policy, and events of the kinds that were asked for are told."""
    port = plane.port()
    with plane.client(port) as client, client.pubsub() as heard:
        heard.psubscribe("__key*")
        assert heard.get_message(timeout=PATIENCE)["type"] == "psubscribe"
        client.set("quiet", 1)
        plane.agree(changed({"maxmemory_policy": "allkeys-lru", "notify_keyspace_events": "E$"}))
        assert client.info()["maxmemory_policy"] == "allkeys-lru"
        client.lpush("list", 1)
        client.set("loud", 1)
        told = heard.get_message(timeout=PATIENCE)
        assert (told["channel"], told["data"]) == (b"__keyevent@0__:set", b"loud")


def test_who_does_nothing_is_cut(plane: Any, changed: Callable[..., DataStore]) -> None:
    """After `timeout` seconds a connection that does nothing ends; one that listens stays."""
    port = plane.port()
    plane.agree(changed({"timeout": 1}))
    with plane.client(port) as client, client.pubsub() as heard, talking(port) as say:
        heard.subscribe("news")
        assert heard.get_message(timeout=PATIENCE)["type"] == "subscribe"
        assert say(b"AUTH %s\r\n" % PASSWORD) == b"+OK\r\n"
        assert say() == b""
        with plane.client(port) as other:
            assert other.publish("news", "still here") == 1


def test_an_addon_that_goes_takes_its_data(plane: Any, store: DataStore) -> None:
    """A store that is dropped ends its connections, can't be reached, and is empty if it came again."""
    port = plane.port()
    with plane.client(port) as client, talking(port) as say:
        assert say(b"AUTH %s\r\n" % PASSWORD) == b"+OK\r\n"
        client.set("a", 1)
        plane.agree()
        assert say(b"PING\r\n") == b""
        with pytest.raises(BackendProblem, match="redis-solid-13864 is gone"):
            plane.listener.run(plane.backend.connect(store, lambda: None))
        plane.agree(store)
        with plane.client(port) as again:
            assert again.get("a") is None


def test_worlds_that_are_not_kept_go(plane: Any, store: DataStore, changed: Callable[..., DataStore]) -> None:
    """keep() lets the data of all other worlds go, and no more."""
    other = changed(world="ffffffffffffffff", key="eeeeeeeeeeeeeeee")
    plane.agree(other, world=other.world)
    with plane.client(plane.port()) as one, plane.client(plane.port(other)) as two:
        one.set("a", 1)
        two.set("a", 2)
        plane.listener.run(plane.backend.keep([store.world]))
        assert one.get("a") == b"1"
    plane.agree(other, world=other.world)
    with plane.client(plane.port(other)) as two:
        assert two.get("a") is None
