"""Redis as clients find it: the same by redis-server and by fakeredis."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from conftest import STORE, Plane
from kagemusha.domain.doors import DataStore
from listener import PATIENCE
from redis import Redis
from redis.exceptions import AuthenticationError, ConnectionError, NoPermissionError, WatchError

PASSWORD = STORE.password.encode()


@contextmanager
def talking(port: int) -> Iterator[Callable[[bytes], bytes]]:
    """A function that says something and hears one line; b"" when the other side is gone."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain, plain.makefile("rwb") as both:

        def say(words: bytes) -> bytes:
            both.write(words)
            both.flush()
            return both.readline()

        yield say


def test_right_passwords(plane: Plane) -> None:
    """X."""
    port = plane.port()
    for protocol in (2, 3):
        with plane.client(port, protocol=protocol) as client:
            assert client.ping()
            client.set("a", "b")
            assert client.get("a") == b"b"
            assert client.blpop("x", timeout=0.1) is None
