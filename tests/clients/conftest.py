"""The unmodified heroku CLI from npm, and a server that it talks to."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from driver import World
from live import KAGEMUSHA, Server, serving

CLI = Path(__file__).parent / "node" / "node_modules" / ".bin" / "heroku"
Run = Callable[..., str]


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
def heroku(server: Server, world: World, tmp_path: Path) -> Run:
    """Runs the CLI in a home of its own; anything but exit code 0 is shown with what it said."""
    assert CLI.exists(), "the heroku CLI is not installed: run `make test`"
    env = [*KAGEMUSHA, "env", "--url", server.url, "--sandbox", world.name, "--format", "json"]
    printed: dict[str, str] = json.loads(subprocess.check_output(env, text=True))
    home = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / "git")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [str(CLI), *arguments],
            env=home | printed,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"heroku {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    return run
