"""Backends of Redis, and what leads to them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kagemusha.domain.doors import DataStore
from redis_plane import STORE, Plane, backends


@pytest.fixture
def store() -> DataStore:
    """An add-on's store."""
    return STORE


@pytest.fixture
def changed() -> Callable[..., DataStore]:
    """The store with something else, or with other settings."""

    def make(settings: dict[str, Any] | None = None, **changes: Any) -> DataStore:
        return replace(STORE, settings=STORE.settings._replace(**(settings or {})), **changes)

    return make


@pytest.fixture(params=["server", "fake"])
def plane(request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Plane]:
    """Each backend."""
    yield from backends(request.param, "uvloop", tmp_path, caplog)


@pytest.fixture
def servers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Plane]:
    """The backend of redis-servers."""
    yield from backends("server", "uvloop", tmp_path, caplog)


@pytest.fixture
def fakes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Plane]:
    """The backend of fakeredis."""
    yield from backends("fake", "uvloop", tmp_path, caplog)
