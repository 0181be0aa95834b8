"""The backends of Redis for tests, and an add-on's store."""

import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kagemusha.dataplane.backend import Backend
from kagemusha.dataplane.redis_backend import FAKE, redis_backend
from kagemusha.domain.doors import DataStore
from kagemusha.domain.redis import RedisSettings
from listener import PATIENCE, Listener, listening
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

STORE = DataStore(
    world="0123456789abcdef",
    key="fedcba9876543210",
    addon="redis-solid-13864",
    kind="redis",
    user="default",
    password="p34f25b73fe7f1522d191ae6fc3a814da",
    database="",
    settings=RedisSettings(),
)


@dataclass
class Plane:
    """A backend that listens."""

    backend: Backend
    listener: Listener

    def agree(self, *stores: DataStore, world: str = STORE.world) -> None:
        """Let the world have these stores."""
        self.listener.run(self.backend.agree(world, stores))

    def port(self, store: DataStore = STORE) -> int:
        """Where a store is."""
        return self.listener.port(self.backend, store)

    def client(self, port: int, **options: Any) -> Redis:
        """A client of redis-py, which is closed by who made it."""
        options = {"username": "h", "password": STORE.password, "socket_timeout": PATIENCE} | options
        options.setdefault("retry", Retry(NoBackoff(), 0))
        return Redis(host="127.0.0.1", port=port, **options)


def executable() -> Path:
    """Debian's redis-server."""
    found = shutil.which("redis-server")
    assert found is not None, "The tests need redis-server: apt-get install redis-server."
    return Path(found)


def backends(kind: str, loop: str, folder: Path, log: pytest.LogCaptureFixture) -> Iterator[Plane]:
    """A backend on a loop, which ends without a word in the log."""
    with listening(loop) as listener:
        backend = redis_backend(executable() if kind == "server" else FAKE, folder)
        plane = Plane(backend, listener)
        plane.agree(STORE)
        try:
            yield plane
        finally:
            listener.run(backend.close())
        assert not [each for each in log.records if each.levelno >= logging.WARNING]
