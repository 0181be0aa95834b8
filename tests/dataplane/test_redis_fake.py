"""What is particular to the Redis inside this process: what it does not let happen to the process."""

import random
import socket
import tracemalloc
from typing import Any

import pytest
from kagemusha.dataplane.resp import Broken, Requests, words
from listener import PATIENCE
from redis.exceptions import ResponseError

PASSWORD = b"p34f25b73fe7f1522d191ae6fc3a814da"
OPENINGS = 2000


def test_client_commands(fakes: Any) -> None:
    """CLIENT SETINFO, UNBLOCK and KILL do what they say."""
    port = fakes.port()
    with fakes.client(port) as client, fakes.client(port, single_connection_client=True) as other:
        assert client.client_setinfo("LIB-NAME", "ferry")
        waits = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        with waits, waits.makefile("rb") as heard:
            waits.sendall(b"AUTH %s\r\nCLIENT ID\r\nBLPOP none 0\r\n" % PASSWORD)
            assert heard.readline() == b"+OK\r\n"
            number = int(heard.readline()[1:])
            while not client.client_unblock(number, error=True):
                client.ping()
            assert heard.readline() == b"-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n"
            assert client.client_kill_filter(_id=number) == 1
            assert heard.readline() == b""
        assert other.ping()


def test_scripts_need_a_server(fakes: Any) -> None:
    """A script is refused with what to do: one without an end would stop everything in this process."""
    with fakes.client(fakes.port()) as client, pytest.raises(ResponseError, match="put redis-server on the PATH"):
        client.eval("return 1", 0)


def test_what_fakeredis_stumbles_over_is_an_error(fakes: Any) -> None:
    """An exception inside fakeredis is answered, and the connection goes on."""
    with fakes.client(fakes.port(), single_connection_client=True) as client:
        with pytest.raises(ResponseError, match="fakeredis can't do this: UnicodeDecodeError"):
            client.execute_command("CLIENT", "SETINFO", "LIB-NAME", b"\xff\xfe")
        assert client.ping()


def test_who_reads_nothing_is_not_worked_for(fakes: Any) -> None:
    """A client that asks for much and reads nothing does not fill the memory, and gets all when it reads."""
    port = fakes.port()
    with fakes.client(port) as client, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as greedy:
        client.set("big", b"x" * 1_000_000)
        greedy.sendall(b"AUTH %s\r\n" % PASSWORD + b"GET big\r\n" * 300)
        tracemalloc.start()
        try:
            client.ping()
            assert tracemalloc.get_traced_memory()[1] < 50_000_000
        finally:
            tracemalloc.stop()
        wanted = len(b"+OK\r\n") + 300 * len(b"$1000000\r\n" + b"x" * 1_000_000 + b"\r\n")
        while wanted > 0:
            wanted -= len(greedy.recv(1_000_000))
        assert wanted == 0


def test_a_listener_that_reads_nothing_is_cut(fakes: Any) -> None:
    """A subscriber that leaves more than 32 MB unread is cut, as by Redis."""
    port = fakes.port()
    with fakes.client(port) as client, socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as deaf:
        deaf.sendall(b"AUTH %s\r\nSUBSCRIBE news\r\n" % PASSWORD)
        while not client.publish("news", "x"):
            client.ping()
        for _ in range(100):
            client.publish("news", b"x" * 1_000_000)
        assert client.publish("news", "x") == 0


def test_floods_leave_nothing_behind(fakes: Any) -> None:
    """Thousands of broken openings are ended, the memory is flat, and nobody is logged."""
    port = fakes.port()
    chance = random.Random(7)
    with fakes.client(port) as client:
        flood(port, chance, OPENINGS // 4)
        tracemalloc.start()
        try:
            client.ping()
            before = tracemalloc.get_traced_memory()[0]
            flood(port, chance, OPENINGS)
            fakes.listener._fronts.clear()
            while client.info()["connected_clients"] > 1:
                client.ping()
            assert tracemalloc.get_traced_memory()[0] - before < 1_500_000
        finally:
            tracemalloc.stop()
        assert client.ping()


def flood(port: int, chance: random.Random, openings: int) -> None:
    """Open connections with all kinds of rubbish, and leave."""
    alphabet = [
        b"*",
        b"$",
        b"\r\n",
        b"\n",
        b'"',
        b"'",
        b"1",
        b"99",
        b"-1",
        b"PING",
        b"AUTH x",
        b"HELLO 3",
        b"\x00",
        b"\xff",
    ]
    for _ in range(openings):
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain:
            plain.sendall(b"".join(chance.choices(alphabet, k=chance.randint(1, 40))) + chance.randbytes(20))


def test_a_request_is_the_same_however_it_comes() -> None:
    """Byte by byte or at once, in arrays and in lines, the requests are the same."""
    said = b'*2\r\n$4\r\nECHO\r\n$3\r\na\r\n\r\n*0\r\n*-1\r\n\r\nPING  "a b"\n*1\r\n$0\r\n\r\nGET x\r\n'
    wanted = [[b"ECHO", b"a\r\n"], [b"PING", b"a b"], [b""], [b"GET", b"x"]]
    for step in range(1, len(said) + 1):
        requests, got = Requests(), []
        for at in range(0, len(said), step):
            requests.feed(said[at : at + step])
            while (request := requests.take()) is not None:
                got.append(request)
        assert got == wanted
        assert not requests.waiting


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"", []),
        (b"  a  b ", [b"a", b"b"]),
        (rb'"\x41\n\r\t\a\b\q\\\"" b', [b'A\n\r\t\a\bq\\"', b"b"]),
        (rb"'\x41\'' b", [rb"\x41'", b"b"]),
        (rb'fo"o b"', [b"foo b"]),
        (b'""', [b""]),
    ],
)
def test_words_of_a_line(line: bytes, found: list[bytes]) -> None:
    """Quotes and escapes are read as Redis reads them."""
    assert words(line) == found


@pytest.mark.parametrize("line", [b'"a', b"'a", b'"a"b', b"'a'b", b'"a\\'])
def test_quotes_must_end(line: bytes) -> None:
    """A quote that doesn't end, or is followed by more, is a protocol error."""
    with pytest.raises(Broken, match="unbalanced quotes"):
        words(line)


def test_a_large_request_is_taken_in_one_pass() -> None:
    """10 MB that come in small pieces are copied a few times, not once for each piece."""
    requests = Requests()
    requests.trusted = True
    requests.feed(b"*1\r\n$10000000\r\n")
    for _ in range(10_000):
        requests.feed(b"x" * 1000)
        assert requests.take() is None
    requests.feed(b"\r\n")
    assert [len(each) for each in requests.take()] == [10_000_000]
