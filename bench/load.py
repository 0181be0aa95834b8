"""The client: keep-alive connections that send prepared requests and read whole answers, in a process of its own.

It does as little as can be done (no HTTP library, one thread, one poll of all connections), so that what is measured is
the server. Reads a JSON document from standard input and writes one to standard output.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle

_CHUNK = 1 << 18
_PATIENCE = 30.0


@dataclass(frozen=True)
class Load:
    """What is to be sent: `requests` in turn (once each unless `again`), over `connections`, until either bound."""

    port: int
    requests: list[str]
    connections: int
    seconds: float = 1.0
    most: int = 1_000_000_000
    again: bool = True


@dataclass(frozen=True)
class Measured:
    """Requests a second, and milliseconds that half and 99 of 100 of them took at most."""

    rate: float
    p50: float
    p99: float
    count: int


class Connection:
    """One connection with at most one request on its way."""

    def __init__(self, port: int) -> None:
        """Not connected yet."""
        self.port = port
        self.sent_at = 0
        self._buffer = b""
        self._whole = 0
        self.socket: socket.socket

    def connect(self) -> None:
        """Connect, anew if the server closed it."""
        self.socket = socket.create_connection(("127.0.0.1", self.port), _PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        """Begin an exchange."""
        self.sent_at = time.perf_counter_ns()
        self.socket.sendall(request)

    def receive(self) -> bytes | None:
        """The head of the answer once it is there whole, else None."""
        self._buffer += self.socket.recv(_CHUNK)
        if not self._whole:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return None
            _, _, length = self._buffer[:end].lower().partition(b"content-length:")
            self._whole = end + 4 + int(length.split(b"\r\n", 1)[0])
        if len(self._buffer) < self._whole:
            return None
        head, self._buffer, self._whole = self._buffer.split(b"\r\n\r\n", 1)[0], b"", 0
        return head


def drive(load: Load) -> Measured:
    """Send it all from here. Raises RuntimeError for an answer that is no success."""
    prepared = [each.encode("latin-1") for each in load.requests]
    waiting: Iterator[bytes] = cycle(prepared) if load.again else iter(prepared)
    taken: list[int] = []
    with selectors.DefaultSelector() as selector:
        on_the_way = 0
        for _ in range(load.connections):
            connection = Connection(load.port)
            connection.connect()
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            if (request := next(waiting, None)) is not None:
                connection.send(request)
                on_the_way += 1
        began = time.perf_counter()
        deadline = began + load.seconds
        while on_the_way and len(taken) < load.most and (not taken or time.perf_counter() < deadline):
            for key, _ in selector.select(_PATIENCE):
                connection = key.data
                if (head := connection.receive()) is None:
                    continue
                taken.append(time.perf_counter_ns() - connection.sent_at)
                _check(head)
                if b"connection: close" in head.lower() or head.startswith(b"HTTP/1.0"):
                    selector.unregister(connection.socket)
                    connection.socket.close()
                    connection.connect()
                    selector.register(connection.socket, selectors.EVENT_READ, connection)
                if (request := next(waiting, None)) is None:
                    on_the_way -= 1
                else:
                    connection.send(request)
        lasted = time.perf_counter() - began
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    taken.sort()
    count = len(taken)
    return Measured(count / lasted, taken[count // 2] / 1e6, taken[count * 99 // 100] / 1e6, count)


def _check(head: bytes) -> None:
    if head.split(b" ", 2)[1][:1] != b"2":
        message = f"the server answered {head.decode('latin-1')}"
        raise RuntimeError(message)


def measure(load: Load) -> Measured:
    """Send it all from a process of its own."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(command, input=json.dumps(asdict(load)), capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"the client failed:\n{done.stderr}"
        raise RuntimeError(message)
    return Measured(**json.loads(done.stdout))


if __name__ == "__main__":
    json.dump(asdict(drive(Load(**json.load(sys.stdin)))), sys.stdout)
