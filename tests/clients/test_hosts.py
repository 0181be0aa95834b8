"""`serve --endpoint-host dns`: with the lines of `kagemusha hosts` AWS's names connect, and vouch for themselves."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from account import Account
from article import authority
from live import KAGEMUSHA, Server, serving
from redis_clients import redis_py


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server whose URLs have AWS's names."""
    with serving("--ephemeral", "--data-plane", "--endpoint-host", "dns") as running:
        yield running


@pytest.fixture
def world(account: Account) -> Account:
    """The sandbox that everybody works in."""
    return account


def hosts(world: Account) -> dict[str, str]:
    """What `kagemusha hosts` prints, read as the system reads a hosts file: addresses by name."""
    command = [*KAGEMUSHA, "hosts", "--sandbox", world.name, "--url", world.url]
    lines = subprocess.check_output(command, text=True).splitlines()
    words = [line.partition("#")[0].split() for line in lines]
    return {name: address for address, *names in words for name in names}


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The hosts file of this machine, empty at first."""
    known: dict[str, str] = {}
    ask = socket.getaddrinfo

    def answer(host: Any, *more: Any, **others: Any) -> Any:
        return ask(known.get(host, host), *more, **others)

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return known


def test_redis_is_reached_by_names_of_aws(world: Account, known: dict[str, str], tmp_path: Path) -> None:
    """redis-py verifies the server by the regional name, each zonal one, and the add-on's own."""
    world.connected()
    trusted = authority(world, tmp_path)
    known |= hosts(world)
    for url in world.config().values():
        assert redis_py(url, trusted) == "PONG"
    assert len(known) == 5
    host = str(urlsplit(url).hostname)
    for name in known:
        assert redis_py(url.replace(host, name), trusted) == "PONG"


def test_postgres_is_reached_by_names_of_aws(world: Account, tmp_path: Path) -> None:
    """psycopg, told the address, verifies the server by AWS's name, which its URL has, and by no other."""
    world.connected(plan="heroku-postgresql:private-4")
    found, trusted = hosts(world), authority(world, tmp_path)
    for url in world.config().values():
        address = found[str(urlsplit(url).hostname)]
        asked: dict[str, Any] = {"hostaddr": address, "sslmode": "verify-full", "sslrootcert": str(trusted)}
        with psycopg.connect(url, **asked) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="does not match host name"):
            psycopg.connect(url, **asked, host="elsewhere.example")
