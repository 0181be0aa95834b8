"""A server in a process of its own, started by its command line."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

KAGEMUSHA = [sys.executable, "-m", "kagemusha"]


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    process: subprocess.Popen[str]

    def client(self) -> httpx.Client:
        """A client of it."""
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30)

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[Server]:
    """`kagemusha serve` on a free port with `arguments`, ended afterwards."""
    command = [*KAGEMUSHA, "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.startswith("kagemusha ready at "), f"the server did not start: {ready!r}"
            yield Server(ready.split()[-1], process)
        finally:
            process.terminate()
