"""A server with a data plane, and an endpoint to connect through."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from doorways import Echo, Reach, a_world
from fastapi.testclient import TestClient
from kagemusha.dataplane import backends
from kagemusha.main import create_app
from kagemusha.settings import Settings


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Echo:
    """The backend of both kinds of stores."""
    made = Echo()
    monkeypatch.setattr(backends, "make", lambda *_: {"redis": made, "postgres": made})
    return made


@pytest.fixture
def started(echo: Echo, tmp_path: Path) -> Callable[..., Any]:
    """Starts a server; a context manager that gives its client. Every one has the same world."""
    assert echo.broken is None

    @contextmanager
    def start(**more: Any) -> Iterator[TestClient]:
        settings = Settings(database=f"sqlite:///{tmp_path}/world.db", data_plane=True, **more)
        # The kind of loop that `kagemusha serve` has: what they do with TLS is not the same.
        uvloop = {"use_uvloop": True}
        with TestClient(create_app(settings), "http://127.0.0.1:8765", backend_options=uvloop) as client:
            yield client

    return start


@pytest.fixture
def served(started: Callable[..., Any]) -> Iterator[TestClient]:
    """A client of a server."""
    with started() as client:
        yield client


@pytest.fixture
def reach(served: TestClient) -> Reach:
    """An endpoint that is available, in a sandbox on a manual clock."""
    return Reach(a_world(served))
