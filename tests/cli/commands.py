"""Commands in processes of their own, and what is left of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KAGEMUSHA = (sys.executable, "-m", "kagemusha")
PATIENCE = 20.0
"""Seconds after which a test gives up waiting."""


@dataclass
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


def processes(group: int) -> dict[int, str]:
    """The living processes of a group, and their command lines."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, its_group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(its_group) == group and state != "Z":
            found[int(folder.name)] = line
    return found


def eventually(true: Callable[[], object]) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


class Server:
    """A running `kagemusha serve`, in a process group of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Wait until it is ready."""
        assert process.stdout is not None
        self.process = process
        self.url = process.stdout.readline().split()[-1]

    @property
    def workers(self) -> set[int]:
        """The process ids of its workers."""
        return {pid for pid, line in processes(self.process.pid).items() if "spawn_main" in line}

    def ends(self, end: Callable[[], object]) -> tuple[int, str]:
        """Let `end` end it: its exit code and what it wrote to stderr, after 2 s at most and leaving no process."""
        began = time.monotonic()
        end()
        _, said = self.process.communicate(timeout=PATIENCE)
        assert time.monotonic() - began < 2
        eventually(lambda: not processes(self.process.pid))
        return self.process.returncode, said


@contextmanager
def serving(*arguments: str, **env: str) -> Iterator[Server]:
    """A server on a free port."""
    command = [*KAGEMUSHA, "serve", "--port", "0", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=os.environ | env
    ) as process:
        try:
            yield Server(process)
        finally:
            for pid in processes(process.pid):
                os.kill(pid, signal.SIGKILL)
