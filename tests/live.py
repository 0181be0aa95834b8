"""A server in a process of its own, started by its command line."""

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import httpx

KAGEMUSHA = [sys.executable, "-m", "kagemusha"]
PATIENCE = 60.0
"""Seconds that a server may take until it is ready."""


@dataclass(frozen=True)
class Server:
    """A running server; of one that speaks HTTPS `authority` is the certificate that its clients trust."""

    url: str
    process: subprocess.Popen[str]
    authority: Path | None = None

    def client(self) -> httpx.Client:
        """A client of it."""
        trusted = self.authority is None or ssl.create_default_context(cafile=self.authority)
        return httpx.Client(base_url=self.url, trust_env=False, timeout=30, verify=trusted)

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        self.process.kill()
        self.process.wait()


@contextmanager
def serving(*arguments: str, log: Path | None = None, **environment: str) -> Iterator[Server]:
    """`kagemusha serve` on a free port with `arguments`, ended afterwards; what it complains of goes to `log`."""
    command = [*KAGEMUSHA, "serve", "--port", "0", *arguments]
    with (
        nullcontext(None) if log is None else log.open("a") as stderr,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=stderr, text=True, env=os.environ | environment
        ) as process,
    ):
        try:
            assert process.stdout is not None
            late = threading.Timer(PATIENCE, process.kill)
            late.start()
            ready = process.stdout.readline()
            late.cancel()
            assert ready.startswith("kagemusha ready at "), f"the server did not start: {ready!r}"
            yield Server(ready.split()[-1], process)
        finally:
            process.terminate()
