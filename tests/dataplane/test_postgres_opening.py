"""What clients of PostgreSQL say before TLS, and what they are answered."""

import asyncio
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from queue import SimpleQueue

import psycopg
import pytest
import trustme
import uvloop
from hypothesis import given
from hypothesis import strategies as st
from kagemusha.dataplane.postgres_opening import (
    ALPN,
    Head,
    Opened,
    Outcome,
    cancel,
    fatal,
    opening,
    refusal,
    startup_parameters,
)
from postgres_doors import Connection, store, wait_until_it_waits, wheel

SSL, GSS = struct.pack("!II", 8, 80877103), struct.pack("!II", 8, 80877104)
CANCEL = struct.pack("!IIII", 16, 80877102, 4711, 12345678)
LONG_CANCEL = struct.pack("!III", 12 + 256, 80877102, 4711) + b"k" * 256
HELLO = b"\x16\x03\x01\x02\x00\x01"
SOURCE = "10.0.1.17"
RUNNERS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def startup(version: int = 196608, **parameters: str) -> bytes:
    """A StartupMessage."""
    body = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items()) + b"\0"
    return struct.pack("!II", 8 + len(body), version) + body


STARTUP = startup(user="u1", database="d1")


@pytest.fixture(params=RUNNERS)
def run(request: pytest.FixtureRequest) -> Callable[[Callable[[], Awaitable[None]]], None]:
    """Runs a test in each kind of loop."""

    def running(test: Callable[[], Awaitable[None]]) -> None:
        with asyncio.Runner(loop_factory=RUNNERS[request.param]) as runner:
            runner.run(test())  # type: ignore[arg-type]

    return running


async def opened(said: bytes, *, ends: bool = True, patience: float = 30) -> tuple[Opened, bytes, bytes]:
    """How a client that says this at once opens, what it is answered, and what of it is left to be read."""
    mine, theirs = socket.socketpair()
    with mine, theirs:
        theirs.setblocking(False)
        mine.sendall(said)
        if ends:
            mine.shutdown(socket.SHUT_WR)
        found = await opening(asyncio.get_running_loop(), theirs, SOURCE, patience)
        try:
            left = theirs.recv(65536)
        except BlockingIOError:
            left = b""
        theirs.shutdown(socket.SHUT_WR)
        return found, mine.recv(65536), left


@pytest.mark.parametrize(
    ("said", "outcome", "answered", "left"),
    [
        (HELLO, Outcome.DIRECT_TLS, b"", HELLO),
        (CANCEL, Outcome.CANCEL, b"", b""),
        (CANCEL + b"more", Outcome.CANCEL, b"", b"more"),
        (LONG_CANCEL, Outcome.CANCEL, b"", b""),
        (STARTUP, Outcome.PLAIN, refusal(196608, STARTUP[8:], SOURCE), b""),
        (STARTUP + b"Q", Outcome.PLAIN, refusal(196608, STARTUP[8:], SOURCE), b"Q"),
        # Stuffed: plain bytes that were to pass for what came by TLS.
        (SSL + HELLO, Outcome.BROKEN, b"", HELLO),
        (SSL + STARTUP, Outcome.BROKEN, b"", STARTUP),
        (GSS + SSL, Outcome.BROKEN, b"", SSL),
        # Ended before an answer could be given.
        (b"", Outcome.BROKEN, b"", b""),
        (b"\x00", Outcome.BROKEN, b"", b""),
        (SSL[:7], Outcome.BROKEN, b"", b""),
        (SSL, Outcome.BROKEN, b"", b""),
        (CANCEL[:-1], Outcome.BROKEN, b"", b""),
        (STARTUP[:-1], Outcome.BROKEN, b"", b""),
        # Of lengths that these packets don't have.
        (struct.pack("!II", 9, 80877103) + b"x", Outcome.BROKEN, b"", b"x"),
        (struct.pack("!II", 7, 80877103), Outcome.BROKEN, b"", b""),
        (struct.pack("!II", 12, 80877102) + b"1234", Outcome.BROKEN, b"", b"1234"),
        (struct.pack("!III", 269, 80877102, 1), Outcome.BROKEN, b"", b"\x00\x00\x00\x01"),
        (struct.pack("!II", 10_001, 196608) + b"user", Outcome.BROKEN, b"", b"user"),
        (struct.pack("!II", 0xFFFFFFFF, 196608), Outcome.BROKEN, b"", b""),
        (struct.pack("!II", 0, 0), Outcome.BROKEN, b"", b""),
        (b"GET / HTTP/1.1\r\n\r\n", Outcome.BROKEN, b"", b"TP/1.1\r\n\r\n"),
        (b"PING\r\n\r\n", Outcome.BROKEN, b"", b""),
    ],
)
def test_an_opening_is_known(
    run: Callable[[Callable[[], Awaitable[None]]], None], said: bytes, outcome: Outcome, answered: bytes, left: bytes
) -> None:
    """What a client says at once has its outcome and answer, and nothing beyond the packet is read."""

    async def test() -> None:
        found, told, rest = await opened(said)
        assert (found.outcome, told, rest) == (outcome, answered, left)
        assert found.packet == (said[: len(said) - len(left)] if outcome == Outcome.CANCEL else b"")

    run(test)


@pytest.mark.parametrize("said", [SSL, GSS, GSS[:3], CANCEL[:9], STARTUP[:20]])
def test_a_slow_client_is_given_up(said: bytes) -> None:
    """A client that leaves off in the middle is closed in time, and one that waits for its answer is not slow."""

    async def test() -> None:
        found, told, _ = await opened(said, ends=False, patience=0.05)
        assert (found.outcome, told) == {SSL: (Outcome.TLS, b"S"), GSS: (Outcome.BROKEN, b"N")}.get(
            said, (Outcome.BROKEN, b"")
        )

    asyncio.run(test())


@pytest.mark.parametrize(
    ("then", "outcome", "answered"),
    [
        (SSL, Outcome.TLS, b"S"),
        (STARTUP, Outcome.PLAIN, refusal(196608, STARTUP[8:], SOURCE)),
        (CANCEL, Outcome.CANCEL, b""),
        (GSS, Outcome.BROKEN, b""),
    ],
)
def test_a_client_that_asks_for_gssapi_may_go_on(
    run: Callable[[Callable[[], Awaitable[None]]], None], then: bytes, outcome: Outcome, answered: bytes
) -> None:
    """GSSAPI is declined once, and what follows the answer is as at first; bytes may come one by one."""

    async def test() -> None:
        loop = asyncio.get_running_loop()
        mine, theirs = socket.socketpair()
        with mine, theirs:
            for each in (mine, theirs):
                each.setblocking(False)
            finding = asyncio.create_task(opening(loop, theirs, SOURCE))
            await loop.sock_sendall(mine, GSS)
            assert await loop.sock_recv(mine, 99) == b"N"
            for byte in then:
                await loop.sock_sendall(mine, bytes([byte]))
                await asyncio.sleep(0)
            assert (await finding).outcome == outcome
            theirs.shutdown(socket.SHUT_WR)
            assert await loop.sock_recv(mine, 65536) == answered

    run(test)


def test_plain_clients_get_postgresqls_error() -> None:
    """A StartupMessage without TLS is refused as PostgreSQL refuses it that takes TLS alone."""
    message = b'Mno pg_hba.conf entry for host "10.0.1.17", user "u1", database "d1", no encryption\0'
    assert refusal(196608, STARTUP[8:], SOURCE)[5:] == b"SFATAL\0VFATAL\0C28000\0" + message + b"\0"
    assert b'user "u1", database "u1", no encryption' in refusal(196610, startup(user="u1")[8:], SOURCE)
    assert b"no PostgreSQL user name specified" in refusal(196608, startup(database="d1")[8:], SOURCE)
    assert b"unsupported frontend protocol 2.0: server supports 3.0 to 3.2" in refusal(2 << 16, b"", SOURCE)
    assert b"invalid startup packet layout" in refusal(196608, b"user\0u1\0", SOURCE)


@given(st.binary(max_size=300))
def test_parameters_are_read_or_refused(packet: bytes) -> None:
    """Any bytes are names and values, or are not; those that are can be spelled again."""
    found = startup_parameters(packet)
    if found is not None and "\ufffd" not in "".join([*found, *found.values()]):
        assert startup_parameters(startup(**found)[8:]) == found
    assert refusal(196608, packet, SOURCE).startswith(b"E")


@given(st.dictionaries(*[st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)] * 2))
def test_what_is_well_formed_is_read(parameters: dict[str, str]) -> None:
    """What a client spells is what is read."""
    assert startup_parameters(startup(**parameters)[8:]) == parameters


@given(st.binary(min_size=8, max_size=8))
def test_a_head_is_within_bounds_or_none(data: bytes) -> None:
    """No eight bytes make anybody wait for more than a StartupMessage may have."""
    head = Head.read(data)
    assert head is None or 8 <= head.length <= 10_000


@given(
    st.binary(max_size=64)
    | st.builds(
        lambda head, rest: head + rest, st.sampled_from([SSL, GSS, CANCEL[:8], STARTUP[:8]]), st.binary(max_size=32)
    )
)
def test_any_bytes_come_to_an_outcome(said: bytes) -> None:
    """Whatever is said, an outcome follows without an error, and what is left over is the end of what was said."""

    async def test() -> None:
        found, _, left = await opened(said)
        assert said.endswith(left)
        assert found.outcome in Outcome

    asyncio.run(test())


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_an_error_has_its_length(message: str) -> None:
    """An ErrorResponse is as long as it says, whatever its message is."""
    told = fatal("57P03", message)
    assert told[:1] == b"E"
    assert int.from_bytes(told[1:5], "big") == len(told) - 1
    assert told.endswith(b"\0\0")


@pytest.fixture(scope="module")
def certificates() -> trustme.CA:
    """An authority."""
    return trustme.CA()


class Gateway:
    """A listener that opens and does TLS, and then tells each client why it can't have what it wants."""

    def __init__(self, authority: trustme.CA) -> None:
        """Its certificate is the authority's."""
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.set_alpn_protocols([ALPN])
        authority.issue_cert("localhost").configure_cert(self.context)
        self.outcomes: SimpleQueue[Outcome] = SimpleQueue()

    async def serve(self, listener: socket.socket) -> None:
        """Serve one client after the other."""
        loop = asyncio.get_running_loop()
        while True:
            sock, (source, _) = await loop.sock_accept(listener)
            sock.setblocking(False)
            found = await opening(loop, sock, source)
            self.outcomes.put(found.outcome)
            if found.outcome in {Outcome.TLS, Outcome.DIRECT_TLS}:
                reader = asyncio.StreamReader()
                protocol = asyncio.StreamReaderProtocol(reader)
                transport, _ = await loop.connect_accepted_socket(lambda p=protocol: p, sock, ssl=self.context)
                chosen = transport.get_extra_info("ssl_object").selected_alpn_protocol()
                assert found.outcome == Outcome.TLS or chosen == ALPN
                await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
                writer = asyncio.StreamWriter(transport, protocol, reader, loop)
                writer.write(fatal("57P03", "the store can't be had"))
                writer.close()
                await writer.wait_closed()
            else:
                sock.close()


@pytest.fixture(params=RUNNERS)
def gateway(request: pytest.FixtureRequest, certificates: trustme.CA) -> Iterator[tuple[Gateway, int]]:
    """A gateway in a loop of its own, and its port."""
    made = Gateway(certificates)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        loop = RUNNERS[request.param]()
        task = loop.create_task(made.serve(listener))

        def run() -> None:
            try:
                loop.run_until_complete(task)
            except asyncio.CancelledError:
                loop.close()

        thread = threading.Thread(target=run)
        thread.start()
        yield made, listener.getsockname()[1]
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


@pytest.mark.parametrize(
    ("how", "outcome", "said"),
    [
        ("sslmode=require gssencmode=disable", Outcome.TLS, "the store can't be had"),
        ("sslmode=verify-full sslrootcert=AUTHORITY", Outcome.TLS, "the store can't be had"),
        ("sslmode=require sslnegotiation=direct", Outcome.DIRECT_TLS, "the store can't be had"),
        ("sslmode=disable", Outcome.PLAIN, 'no pg_hba.conf entry for host "127.0.0.1", user "u1", database "d1"'),
    ],
)
def test_libpq_opens(
    gateway: tuple[Gateway, int], certificates: trustme.CA, tmp_path: Path, how: str, outcome: Outcome, said: str
) -> None:
    """A client with libpq opens in each of its ways, with TLS and without, and shows the error that it is told."""
    made, port = gateway
    (authority := tmp_path / "ca.pem").write_bytes(certificates.cert_pem.bytes())
    place = f"host=localhost hostaddr=127.0.0.1 port={port} user=u1 dbname=d1 password=p connect_timeout=30 "
    with pytest.raises(psycopg.OperationalError, match="FATAL") as refused:
        psycopg.connect(place + how.replace("AUTHORITY", str(authority)))
    assert said in str(refused.value)
    assert made.outcomes.get(timeout=30) == outcome
    assert made.outcomes.empty()


HEAR = """
import socket, sys
client, _ = socket.socket(fileno=int(sys.argv[1])).accept()
print(client.recv(99).hex())
"""


def cancel_request(connection: Connection) -> bytes:
    """What libpq sends to the port that a connection was made to, where nobody listens now."""
    with socket.create_server(("127.0.0.1", connection.info.port)) as listener:
        # psycopg lets no other thread run meanwhile.
        number = listener.fileno()
        with subprocess.Popen(
            [sys.executable, "-c", HEAR, str(number)], pass_fds=[number], stdout=subprocess.PIPE
        ) as hearing:
            connection.pgconn.get_cancel().cancel()
            return bytes.fromhex(hearing.communicate(timeout=30)[0].decode())


def test_a_cancel_request_reaches_the_backend(tmp_path: Path) -> None:
    """What libpq's older function sends in plain is taken for a request to cancel, and cancels when it is passed on."""
    found = store("cancelled")
    with wheel(tmp_path / "data") as doors, doors.connect(found) as connection, doors.connect(found) as other:
        other.execute("SELECT pg_advisory_lock(1)")
        doors.run(doors.hang_up())
        asked, _, _ = asyncio.run(opened(cancel_request(connection)))
        assert asked.outcome == Outcome.CANCEL

        async def pass_on() -> None:
            await asyncio.to_thread(wait_until_it_waits, connection, other)
            await cancel(doors.backend, found, asked.packet)

        passing = doors.begin(pass_on())
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_advisory_lock(1)")
        passing.result(30)
