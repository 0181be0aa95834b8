"""Servers that are killed with PostgreSQL under them: what is left of both."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from kagemusha.dataplane.backend import BackendProblem
from postgres_doors import PATIENCE, count, fill, store, wheel

VICTIM = Path(__file__).with_name("postgres_victim.py")
FOUND = store("killed")


@contextmanager
def victim(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A program with a backend of its own, and the URL of FOUND there."""
    command = [sys.executable, str(VICTIM), str(folder), "killed"]
    paths = os.pathsep.join([*sys.path, str(VICTIM.parent)])
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": paths}
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def processes(folder: Path) -> set[int]:
    """Those that have the lock of FOUND's cluster open: all of PostgreSQL's, and what looks after them."""
    lock, found = (folder / "postgres" / FOUND.world / "lock").stat(), set()
    for each in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            there = each.stat()
        except OSError:
            continue
        if (there.st_dev, there.st_ino) == (lock.st_dev, lock.st_ino):
            found.add(int(each.parts[2]))
    return found


def socket_folder(pids: set[int]) -> Path:
    """Where the PostgreSQL of these processes listens: it is told by its command line."""
    told = b"\0".join(Path(f"/proc/{each}/cmdline").read_bytes() for each in sorted(pids))
    return Path(os.fsdecode(told.partition(b"unix_socket_directories=")[2].partition(b"\0")[0]))


def wait_until_gone(folder: Path) -> None:
    """Wait until no process has the lock."""
    deadline = time.monotonic() + PATIENCE
    while left := processes(folder):
        assert time.monotonic() < deadline, f"still there: {left}"


def test_nothing_outlives_a_killed_server(tmp_path: Path) -> None:
    """PostgreSQL ends by itself when the server is killed, and leaves nothing in the folder for temporary files."""
    folder = tmp_path / "data"
    with victim(folder) as (process, url):
        with psycopg.connect(url, autocommit=True) as connection:
            fill(connection, 10)
            theirs = processes(folder)
            assert len(theirs) > 3
            sockets = socket_folder(theirs)
            assert sockets.is_dir()
            process.kill()
        process.wait(PATIENCE)
    wait_until_gone(folder)
    assert not sockets.exists()


@pytest.mark.parametrize("waits", [True, False], ids=["later", "at once"])
def test_what_was_committed_is_there_after_a_kill(tmp_path: Path, waits: bool) -> None:
    """Whatever was committed before a server is killed is there in the next one, also if that starts at once."""
    folder, sent = tmp_path / "data", 0
    with victim(folder) as (process, url):
        with psycopg.connect(url, autocommit=True) as connection:
            fill(connection)
            for sent in range(1_000, 1_200):
                connection.execute("INSERT INTO rows VALUES (%s, 'late')", [sent])
            process.kill()
        process.wait(PATIENCE)
    if waits:
        wait_until_gone(folder)
    with wheel(folder) as doors, doors.connect(FOUND) as connection:
        assert count(connection) == sent + 1


def test_a_postgresql_that_is_killed_is_started_again(tmp_path: Path) -> None:
    """When all of PostgreSQL is killed under a server, the next connection starts it, and nothing committed is lost."""
    folder = tmp_path / "data"
    with wheel(folder) as doors:
        with doors.connect(FOUND) as connection:
            fill(connection)
            theirs = processes(folder)
            sockets = socket_folder(theirs)
            for each in theirs:
                # Some end with the others.
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        wait_until_gone(folder)
        with doors.connect(FOUND) as connection:
            assert count(connection) == 1_000
        assert not sockets.exists()


def test_a_folder_is_one_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second server over the same folder is told so, and harms nothing."""
    monkeypatch.setattr("kagemusha.dataplane.postgres_programs._LOCK_PATIENCE", 0.1)
    folder = tmp_path / "data"
    with wheel(folder) as first, wheel(folder) as second, first.connect(FOUND) as connection:
        with pytest.raises(BackendProblem, match="in use by another server"):
            second.run(second.backend.connect(FOUND, lambda: None))  # type: ignore[arg-type,return-value]
        fill(connection, 2)
        assert count(connection) == 2


def test_a_cluster_that_can_not_be_begun_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start that fails before there is a process gives back what it took: descriptors, and the sockets' folder."""
    folder, sockets = tmp_path / "data", tmp_path / "sockets"
    sockets.mkdir()
    with wheel(folder) as doors:
        doors.connect(FOUND).close()
    shutil.rmtree(folder / "postgres" / FOUND.world / "data")
    with wheel(folder) as doors:
        monkeypatch.setattr(tempfile, "tempdir", str(sockets))
        taken = []
        for _ in range(3):
            with pytest.raises(BackendProblem):
                doors.run(doors.backend.connect(FOUND, lambda: None))  # type: ignore[arg-type,return-value]
            taken.append(len(list(Path("/proc/self/fd").iterdir())))
    assert taken[0] == taken[-1]
    assert list(sockets.iterdir()) == []


def test_a_cluster_that_can_not_start_says_why(tmp_path: Path) -> None:
    """What PostgreSQL says of a cluster that it can't start is told."""
    folder = tmp_path / "data"
    with wheel(folder) as doors:
        doors.connect(FOUND).close()
    (folder / "postgres" / FOUND.world / "data" / "PG_VERSION").write_text("9.6\n")
    with wheel(folder) as doors, pytest.raises(BackendProblem, match=r"did not start .*incompatible"):
        doors.run(doors.backend.connect(FOUND, lambda: None))  # type: ignore[arg-type,return-value]
