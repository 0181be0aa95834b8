"""The unmodified heroku CLI from npm against a live server, with what `kagemusha env` prints and nothing else."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

CLI = Path(__file__).parent / "node" / "node_modules" / ".bin" / "heroku"
Run = Callable[..., str]


@pytest.fixture
def heroku(tmp_path: Path) -> Iterator[Run]:
    """Runs the CLI against a server of its own, in a home of its own; a failure shows what it said."""
    assert CLI.exists(), "the heroku CLI is not installed: run `make test`"
    kagemusha = [sys.executable, "-m", "kagemusha"]
    serve = [*kagemusha, "serve", "--ephemeral", "--port", "0", "--pace", "600"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1]
        printed = subprocess.check_output([*kagemusha, "env", "--url", url, "--format", "json"], text=True)
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_GLOBAL": str(tmp_path / "git")}

        def run(*arguments: str) -> str:
            done = subprocess.run(
                [str(CLI), *arguments],
                env=env | json.loads(printed),
                capture_output=True,
                text=True,
                timeout=120,
                stdin=subprocess.DEVNULL,
            )
            assert done.returncode == 0, (arguments, done.stdout, done.stderr)
            return done.stdout + done.stderr

        yield run
        server.terminate()


def test_the_cli_walks_the_platform_api(heroku: Run) -> None:
    """Each command exits with 0 and shows what was done."""
    assert "virginia" in heroku("regions", "--private")
    assert "default@kagemusha.example" in heroku("auth:whoami")
    assert "harbor" in heroku("spaces:create", "harbor", "--team", "kagemusha", "--region", "virginia")
    assert "allocated" in heroku("spaces:wait", "harbor", "-i", "1")
    assert "Outbound IPs" in heroku("spaces:info", "harbor")
    assert "in space harbor" in heroku("apps:create", "ferry", "--space", "harbor")
    heroku("apps:create", "tender", "--space", "harbor")
    made = heroku("addons:create", "heroku-redis:private-7", "-a", "ferry", "--name", "redis-one", "--wait")
    assert "Created redis-one as REDIS_URL" in made
    assert "redis-one" in heroku("addons", "-a", "ferry")
    assert "private-7" in heroku("addons:info", "redis-one", "-a", "ferry")
    heroku("addons:attach", "redis-one", "-a", "tender", "--as", "CACHE")
    assert "CACHE_URL" in heroku("config", "-a", "tender")
    heroku("addons:detach", "CACHE", "-a", "tender")
    assert "CACHE_URL" not in heroku("config", "-a", "tender")
    assert "A: 1" in heroku("config:set", "A=1", "-a", "ferry")
    assert heroku("config:get", "A", "-a", "ferry").strip().endswith("1")
    heroku("config:unset", "A", "-a", "ferry")
    heroku("addons:destroy", "redis-one", "-a", "ferry", "--confirm", "ferry")
    heroku("apps:destroy", "ferry", "--confirm", "ferry")
    heroku("apps:destroy", "tender", "--confirm", "tender")
    heroku("spaces:destroy", "harbor", "--confirm", "harbor")
