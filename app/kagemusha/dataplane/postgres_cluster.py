"""PostgreSQL as it comes with a wheel: a cluster in a folder of its own, which runs no longer than we do.

A cluster is a copy of a template that is made once in each data folder. ``data`` is PostgreSQL's, ``log`` what it said
since it started, and ``lock`` is locked while any of its processes lives: they inherit it. It listens on a Unix socket
in a folder that its user alone may enter.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kagemusha.dataplane import postgres_programs as programs
from kagemusha.dataplane.backend import BackendProblem
from kagemusha.dataplane.postgres_roles import Roles

SUPERUSER = "postgres"
PATIENCE = 60.0
"""Seconds that a cluster may take to start: it may have to recover."""
_ENDS_IN = 10.0
"""Seconds that a cluster may take to end, before it is ended without a checkpoint."""
_LOOK_AGAIN = 0.01
# Reads what signal to send from a pipe that is ours alone: when we are gone, however that came, so is the pipe.
_GUARD = """
exec 3<&0 </dev/null
place=$1; shift
"$@" 3<&- &
server=$!
(while read -r how <&3; do kill "-$how" "$server"; done; kill -INT "$server") 2>/dev/null &
watch=$!
wait "$server"
ended=$?
kill "$watch" 2>/dev/null
rm -rf "$place"
exit "$ended"
"""
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "500",
    "shared_buffers": "16MB",
    "max_wal_size": "256MB",
    # What is written survives us and PostgreSQL, however we end, and not the machine: decisions/0019.
    "fsync": "off",
    "full_page_writes": "off",
    # One machine, one user, small data: what isn't started is neither waited for nor paid.
    "io_method": "sync",
    "max_logical_replication_workers": "0",
    # What statements do wrong is for their client; a failed start is for us.
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}
_ACCESS = "local all all scram-sha-256\n"
_INITDB = (
    "--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--locale-provider",
    "builtin", "--builtin-locale", "C.UTF-8", "--wal-segsize", "4", "--no-sync", "--no-instructions",
)  # fmt: skip
_CLOSED = "REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;\n"
"""So that the owner of a database can be connected to no other, and drop none."""


class Clusters:
    """The clusters of a data folder: ``<folder>/<world>/``."""

    def __init__(self, folder: Path, password: str) -> None:
        """`folder` is made when it is needed. `password` is the superuser's, hex digits, and always the same."""
        self.folder, self.password = folder, password
        self._making = asyncio.Lock()

    def place(self, world: str) -> "Cluster":
        """The cluster of a world, which neither exists nor runs by that."""
        return Cluster(self, self.folder / world)

    async def others(self, worlds: Sequence[str]) -> None:
        """Let the clusters of all other worlds go; none of them may run. Raises BackendProblem."""
        for folder in self.folder.glob("[!.]*"):
            if folder.is_dir() and folder.name not in worlds:
                await self.place(folder.name).remove()

    async def make(self, folder: Path) -> None:
        """See that there is a cluster in `folder`. Raises BackendProblem."""
        async with self._making:
            await asyncio.to_thread(self._make, folder)

    def _make(self, folder: Path) -> None:
        template = self.folder / ".template"
        if not template.is_dir():
            self._make_template(template)
        if not folder.is_dir():
            programs.copy(template, folder)

    def _make_template(self, template: Path) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        place = programs.short_folder()
        try:
            secret, new = place / "secret", place / "new"
            secret.write_text(self.password)
            new.mkdir()
            programs.give(secret, new)
            programs.run("initdb", *_INITDB, "--pwfile", secret, "-D", new / "data", folder=place)
            programs.run("postgres", "--single", "-D", new / "data", "postgres", folder=place, said=_CLOSED)
            (new / "data" / "pg_hba.conf").write_text(_ACCESS)
            programs.take(new)
            programs.copy(new, template)
        finally:
            shutil.rmtree(place)


@dataclass(frozen=True, slots=True)
class _Running:
    """What looks after a cluster's processes, and the pipe by which it is told how to end them."""

    process: subprocess.Popen[bytes]
    pipe: IO[bytes]

    @property
    def lives(self) -> bool:
        return self.process.poll() is None

    def tell(self, how: str) -> None:
        with suppress(BrokenPipeError):
            self.pipe.write(f"{how}\n".encode())


class Cluster:
    """A PostgreSQL over `folder`. Whoever starts, stops or removes it lets nobody else do so meanwhile."""

    def __init__(self, clusters: Clusters, folder: Path) -> None:
        """As `Clusters.place` makes it."""
        self._clusters, self._folder = clusters, folder
        self._running: _Running | None = None
        self._place = Path()

    @property
    def runs(self) -> bool:
        """Whether it has been started, and has not ended by itself since."""
        return self._running is not None and self._running.lives

    @property
    def roles(self) -> Roles:
        """Its roles, while it runs."""
        password = self._clusters.password
        return Roles(f"host={self._place} port=5432 dbname=postgres user={SUPERUSER} password={password}", "own")

    async def start(self) -> None:
        """Start it, on what is in its folder, and wait until it takes connections. Raises BackendProblem."""
        await self.stop()
        with programs.explained(self._folder):
            await self._clusters.make(self._folder)
            async with programs.locked(self._folder / "lock") as lock:
                self._running = await asyncio.to_thread(self._spawn, lock)
        try:
            async with asyncio.timeout(PATIENCE):
                while not await asyncio.to_thread(self._is_ready):
                    if not self.runs:
                        raise self._failure("did not start")
                    await asyncio.sleep(_LOOK_AGAIN)
        except TimeoutError:
            await self.stop("QUIT")
            raise self._failure(f"was not ready in {PATIENCE:.0f} s") from None

    async def stop(self, how: str = "INT") -> None:
        """End it: with a checkpoint, or as by a crash with "QUIT"."""
        if self._running is None:
            return
        running, self._running = self._running, None
        with running.pipe:
            running.tell(how)
            try:
                await asyncio.to_thread(running.process.wait, _ENDS_IN)
            except subprocess.TimeoutExpired:
                running.tell("QUIT")
                await asyncio.to_thread(running.process.wait)
        # As a rule it is gone: not if what looks after the cluster was killed.
        await asyncio.to_thread(shutil.rmtree, self._place, ignore_errors=True)

    async def remove(self) -> None:
        """End it, and let its data go. Raises BackendProblem."""
        await self.stop("QUIT")
        if await asyncio.to_thread(self._folder.is_dir):
            with programs.explained(self._folder):
                async with programs.locked(self._folder / "lock"):
                    await asyncio.to_thread(shutil.rmtree, self._folder)

    def _spawn(self, lock: int) -> _Running:
        data = self._folder / "data"
        # It would be believed, though it tells of a server that was killed: whoever has the lock is alone.
        (data / "postmaster.pid").unlink(missing_ok=True)
        place = programs.short_folder()
        settings = _SETTINGS | {"unix_socket_directories": str(place)}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [programs.program("postgres"), "-D", programs.seen(data), *flags]
        read, write = os.pipe()
        try:
            with os.fdopen(read), (self._folder / "log").open("wb") as log:
                process = subprocess.Popen(
                    ["/bin/sh", "-c", _GUARD, "sh", str(place), *command],
                    stdin=read, stdout=log, stderr=log, cwd=data, env=programs.ENVIRONMENT, pass_fds=(lock,),
                    start_new_session=True, **programs.as_owner(),
                )  # fmt: skip
        except BaseException:
            os.close(write)
            shutil.rmtree(place)
            raise
        self._place = place
        return _Running(process, os.fdopen(write, "wb", buffering=0))

    def _is_ready(self) -> bool:
        """As pg_ctl sees it: by the last line of a file that is written line by line."""
        with suppress(FileNotFoundError):
            return (self._folder / "data" / "postmaster.pid").read_text().split()[-1:] == ["ready"]
        return False

    def _failure(self, what: str) -> BackendProblem:
        said = (self._folder / "log").read_text(errors="replace").strip().splitlines()
        why = next(
            (line for line in said if "FATAL" in line or "PANIC" in line), said[-1] if said else "it said nothing"
        )
        return BackendProblem(f"PostgreSQL {what} on {self._folder}: {why}. More is in its log.")
