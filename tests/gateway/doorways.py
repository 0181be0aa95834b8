"""A backend behind which everything comes back as it went, and the ways to it."""

import asyncio
import os
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx
from driver import World
from kagemusha.dataplane.backend import BackendProblem, Maker
from kagemusha.domain.doors import DataStore

PATIENCE = 10.0
"""Seconds that a client waits for what must come."""


class _Echoing(asyncio.Protocol):
    def __init__(self, echo: "Echo") -> None:
        self._echo = echo

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._echo.heard += data
        self._transport.write(data)


class Echo:
    """A backend that sends back what it gets; `broken` says why it can't be had.

    It connects nobody until it is `there`.
    """

    def __init__(self) -> None:
        """Whole."""
        self.broken: str | None = None
        self.there = threading.Event()
        self.there.set()
        self.heard = bytearray()
        self.agreed: dict[str, Sequence[DataStore]] = {}
        self._listening: dict[asyncio.AbstractEventLoop, asyncio.Server] = {}

    async def connect(self, store: DataStore, protocol: Maker) -> asyncio.Transport:
        """A connection with an echo at the other end."""
        del store
        await asyncio.to_thread(self.there.wait, PATIENCE)
        if self.broken is not None:
            raise BackendProblem(self.broken)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(protocol, *self._listening[loop].sockets[0].getsockname())
        return transport

    async def agree(self, world: str, stores: Sequence[DataStore]) -> None:
        """Note what a world has."""
        self.agreed[world] = stores

    def forget(self, world: str) -> None:
        """Note that nothing is to be known of it."""
        self.agreed.pop(world, None)

    async def keep(self, worlds: Sequence[str]) -> None:
        """Begin to listen."""
        del worlds
        loop = asyncio.get_running_loop()
        if loop not in self._listening:
            self._listening[loop] = await loop.create_server(lambda: _Echoing(self), "127.0.0.1", 0)

    async def close(self) -> None:
        """Listen no more."""
        if found := self._listening.pop(asyncio.get_running_loop(), None):
            found.close()


def a_world(client: httpx.Client, name: str = "one", **more: Any) -> World:
    """A sandbox whose seed no other process has, so that none wants its places meanwhile."""
    return World.make(client, name, seed=os.getpid(), **more)


class Reach:
    """An add-on with an endpoint that is available, and the ways to it."""

    def __init__(self, world: World, **endpoint: object) -> None:
        """Make them in a world."""
        self.world = world
        world.app()
        self.addon = world.addon()
        link = f"/private-link/v0/databases/{self.addon}"
        world.post(link, {"allowed_accounts": [world.sim("GET", "")["aws"]["account_id"]]})
        world.until("idle")
        service = world.get(link)["service_name"]
        self.endpoint: str = world.sim("POST", "/endpoints", {"service_name": service, **endpoint})["endpoint_id"]
        world.until("idle")

    @property
    def config(self) -> dict[str, str]:
        """The app's config vars."""
        found: dict[str, str] = self.world.get("/apps/ferry/config-vars")
        return found

    @property
    def variable(self) -> str:
        """The name of the endpoint's."""
        return f"REDIS_ENDPOINT_{self.endpoint.removeprefix('vpce-').upper()}_URL"

    @property
    def place(self) -> tuple[str, int]:
        """Where the endpoint's URL leads."""
        return place(self.config[self.variable])

    @property
    def reasons(self) -> list[tuple[str, str | None]]:
        """What the journal tells of connections: outcomes and reasons."""
        entries = self.world.sim("GET", "/journal?kind=connection")["entries"]
        return [(each["outcome"], each.get("reason")) for each in entries]

    def until_nobody_is_there(self) -> None:
        """Wait until the server knows that everybody has left."""
        deadline = time.monotonic() + PATIENCE
        while True:
            told = self.world.sim("GET", "/data-plane")
            if not told["open"] and not any(each["connections"] for each in told["doors"]):
                return
            assert time.monotonic() < deadline, told

    def connect(self, to: tuple[str, int] | None = None, source: str = "127.0.0.1") -> ssl.SSLSocket:
        """A connection on TLS, verified by the sandbox's authority."""
        authority = self.world.sim("GET", "/data-plane/authority")["certificate"]
        raw = socket.create_connection(to or self.place, timeout=PATIENCE, source_address=(source, 0))
        context = ssl.create_default_context(cadata=authority)
        return context.wrap_socket(raw, server_hostname=(to or self.place)[0])

    def answer(self, sent: bytes = b"hello", **how: Any) -> bytes:
        """What comes back through the endpoint until as much has come as was sent, or the end."""
        with closing(self.connect(**how)) as client:
            client.sendall(sent)
            got = b""
            while len(got) < len(sent) and (more := client.recv(65_536)):
                got += more
            return got


def place(url: str) -> tuple[str, int]:
    """The address and the port of a URL."""
    found = urlsplit(url)
    return found.hostname or "", found.port or 0
