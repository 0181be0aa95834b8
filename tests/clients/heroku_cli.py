"""The unmodified heroku CLI from npm, run as a user runs it."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

CLI = Path(__file__).parent / "node" / "node_modules" / ".bin" / "heroku"
PATIENCE = 120
"""Seconds that a command may take."""


@dataclass(frozen=True)
class Heroku:
    """Runs the CLI in a home of its own, and no repository; anything but exit code 0 is shown with what it said."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, typed: str = "") -> str:
        """What a command said; `typed` are the lines that it is given."""
        done = subprocess.run(
            [str(CLI), *arguments],
            env=self.environment,
            cwd=self.environment["HOME"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            input=typed,
        )
        assert done.returncode == 0, f"heroku {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def waits(self, *arguments: str, then: Callable[[], object]) -> str:
        """What a command said that waits: `then` is done once it tells what for, by a line that ends in dots."""
        with subprocess.Popen(
            [str(CLI), *arguments],
            env=self.environment,
            cwd=self.environment["HOME"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            impatient = Timer(PATIENCE, process.kill)
            impatient.start()
            try:
                assert process.stdout is not None
                said = ""
                while not said.endswith("...") and (more := process.stdout.read(1)):
                    said += more
                assert said.endswith("..."), f"heroku {' '.join(arguments)} did not wait\n{said}"
                then()
                said += process.stdout.read()
                code = process.wait()
            finally:
                impatient.cancel()
                process.kill()
        assert code == 0, f"heroku {' '.join(arguments)}\n{said}"
        return said
