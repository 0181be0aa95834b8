"""Runs of pytest in processes of their own, over tests that are written for them."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

PYTEST = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "-p", "no:schemathesis",
          "-p", "no:hypothesispytest"]  # fmt: skip
"""Without plugins that these runs don't use, and that take their time to load."""
_OUTCOME = re.compile(r"(\d+) (passed|failed|error|xfailed)")


@dataclass(frozen=True)
class Said:
    """What a run printed, and how many tests came to which end."""

    lines: list[str]
    outcomes: dict[str, int]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(self.lines)

    def after(self, heading: str) -> list[str]:
        """The lines below the one in which `heading` stands."""
        [place] = [number for number, line in enumerate(self.lines) if heading in line]
        return self.lines[place + 1 :]


@dataclass(frozen=True)
class Project:
    """A folder with tests in it."""

    folder: Path

    def write(self, name: str, source: str) -> None:
        """A module of the project."""
        (self.folder / f"{name}.py").write_text(dedent(source))

    @property
    def environment(self) -> dict[str, str]:
        """That of this run, without what pytest put there."""
        return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    def run(self, *arguments: str) -> Said:
        """Run its tests."""
        done = subprocess.run([*PYTEST, *arguments], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=120)  # fmt: skip
        lines = done.stdout.splitlines()
        return Said(lines, {name: int(count) for count, name in _OUTCOME.findall(lines[-1])})
