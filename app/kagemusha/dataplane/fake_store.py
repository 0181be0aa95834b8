"""The data of one add-on inside this process, in a fakeredis server of its own."""

import asyncio
from typing import Protocol

from fakeredis import FakeServer

from kagemusha.domain.doors import DataStore
from kagemusha.domain.redis import RedisSettings

_LOOKS = 1.0
"""Seconds between two looks for clients that do nothing, as in Redis."""


class Waiting(Protocol):
    """Who waits for a list, sorted set or stream to have something."""

    def retry(self) -> None:
        """Look again."""


class Client(Protocol):
    """A connection."""

    def is_idle_for(self, seconds: float) -> bool:
        """Whether it did nothing for that long, and had nothing to wait for."""

    def cut(self) -> None:
        """End it at once."""


class FakeStore:
    """A store: its fakeredis server, who is connected, and who waits, the longest first."""

    def __init__(self, store: DataStore) -> None:
        """Make an empty one, for the running event loop."""
        self.server = FakeServer(version=_version(store.settings))
        self.clients: dict[Client, None] = {}
        self.gone = False
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[Waiting, None] = {}
        self._will_serve = False
        self._look: asyncio.TimerHandle | None = None
        self.take_on(store)

    def take_on(self, store: DataStore) -> None:
        """Have the password and the settings that the add-on has now."""
        self.password, self.settings = store.password.encode(), store.settings
        self.server.version = _version(store.settings)
        self._look_later()

    def come(self, client: Client) -> None:
        """Have a client."""
        self.clients[client] = None
        self._look_later()

    def leave(self, client: Client) -> None:
        """Have it no more."""
        self.clients.pop(client, None)

    def wait(self, waiting: Waiting) -> None:
        """Let it look again after each change, in the order in which they came."""
        self._waiting[waiting] = None

    def wait_no_more(self, waiting: Waiting) -> None:
        """Let it wait no more."""
        self._waiting.pop(waiting, None)

    def changed(self) -> None:
        """Something is being written: who waits looks again when it has been."""
        if self._waiting and not self._will_serve:
            self._will_serve = True
            self._loop.call_soon(self._serve)

    def info(self) -> str:
        """What `INFO` tells: what clients look for when they connect."""
        databases = sorted((number, len(each)) for number, each in self.server.dbs.items() if each)
        lines = [
            "# Server", f"redis_version:{self.settings.version}.0", "redis_mode:standalone",
            "# Clients", f"connected_clients:{len(self.clients)}", f"blocked_clients:{len(self._waiting)}",
            "# Memory", "maxmemory:0", f"maxmemory_policy:{self.settings.maxmemory_policy}",
            "# Persistence", "loading:0", "aof_enabled:0",
            "# Replication", "role:master", "connected_slaves:0",
            "# Cluster", "cluster_enabled:0",
            "# Keyspace", *(f"db{number}:keys={keys}" for number, keys in databases),
        ]  # fmt: skip
        return "".join(f"{each}\r\n" for each in lines)

    def drop(self) -> None:
        """End all connections, for good."""
        self.gone = True
        for each in list(self.clients):
            each.cut()

    def _serve(self) -> None:
        self._will_serve = False
        for each in list(self._waiting):
            each.retry()

    def _look_later(self) -> None:
        if self._look is None and self.clients and self.settings.timeout:
            self._look = self._loop.call_later(_LOOKS, self._cut_idle)

    def _cut_idle(self) -> None:
        self._look = None
        if self.settings.timeout:
            for each in [each for each in self.clients if each.is_idle_for(self.settings.timeout)]:
                each.cut()
        self._look_later()


def _version(settings: RedisSettings) -> tuple[int, ...]:
    return tuple(int(part) for part in settings.version.split("."))
