"""A user's shell: `kagemusha env` evaluated in a home of its own, and nothing else set up."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
NODE = Path(__file__).parent / "node" / "node_modules" / ".bin"
PATIENCE = 20.0
"""Seconds after which a wait gives up."""


@dataclass(frozen=True)
class Shell:
    """Runs commands as they are typed, with `aws`, `heroku` and `kagemusha` in the path."""

    environment: dict[str, str]

    @classmethod
    def at(cls, url: str, home: Path) -> "Shell":
        """A shell in which the environment for the server at `url` has been evaluated, by sh."""
        assert (NODE / "heroku").exists(), "the heroku CLI is not installed: run `make test`"
        path = os.pathsep.join([str(BIN), str(NODE), os.environ["PATH"]])
        bare = {"PATH": path, "HOME": str(home), "GIT_CONFIG_GLOBAL": str(home / "git")}
        # Where the tests run from a source tree that is not installed.
        bare |= {name: value for name, value in os.environ.items() if name == "PYTHONPATH"}
        printed = cls(bare).run(f'eval "$(kagemusha env --url {url})" && env -0')
        return cls(dict(line.split("=", 1) for line in printed.split("\0") if line))

    def run(self, command: str) -> str:
        """What a command printed; anything but exit code 0 is shown with what it said."""
        done = self._done(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def said(self, command: str) -> str:
        """What a command printed and what it told beside it."""
        done = self._done(command)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def aws(self, command: str, **options: object) -> Any:
        """What `aws COMMAND` printed, read; `options` are its long options, lists spread."""
        words = [command]
        for name, value in options.items():
            values = value if isinstance(value, list) else [value]
            words += [f"--{name.replace('_', '-')}", *(shlex.quote(str(each)) for each in values)]
        printed = self.run(f"aws {' '.join(words)}")
        return json.loads(printed) if printed.strip() else None

    def refused(self, command: str) -> str:
        """What a command that must fail complained of."""
        done = self._done(command)
        assert done.returncode != 0, f"{command}\n{done.stdout}"
        return done.stderr.strip()

    def _done(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command],
            env=self.environment,
            cwd=self.environment["HOME"],
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )


def until(true: Callable[[], bool]) -> None:
    """Look until something is true."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
