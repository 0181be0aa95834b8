"""The unmodified heroku CLI from npm, and a server that it talks to."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from account import Account
from driver import World
from heroku_cli import CLI, Heroku
from live import KAGEMUSHA, Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own, six hundred times faster than life."""
    with serving("--ephemeral", "--pace", "600") as running:
        yield running


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    """The sandbox that the CLI works in, on a clock that runs."""
    with server.client() as client:
        yield World.make(client, "cli", clock="auto", now=None)


@pytest.fixture
def account(server: Server) -> Iterator[Account]:
    """A sandbox with its AWS account, on a clock that the test moves.

    Other runs have other names, and so other addresses: what must be refused here is nobody's there.
    """
    with server.client() as client:
        made = Account.make(client, None, seed=os.getpid())
        yield made
        client.delete(f"/_sim/sandboxes/{made.name}")


@pytest.fixture
def heroku(server: Server, world: World, tmp_path: Path) -> Heroku:
    """The CLI, with what `kagemusha env` prints and nothing else."""
    assert CLI.exists(), "the heroku CLI is not installed: run `make test`"
    env = [*KAGEMUSHA, "env", "--url", server.url, "--sandbox", world.name, "--format", "json"]
    printed: dict[str, str] = json.loads(subprocess.check_output(env, text=True))
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / "git")}
    return Heroku(home | printed)
