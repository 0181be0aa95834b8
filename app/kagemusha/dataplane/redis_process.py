"""One redis-server: its configuration, its process, which never outlives this one, and what changes while it runs."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from kagemusha.dataplane.backend import BackendProblem
from kagemusha.dataplane.locks import have
from kagemusha.dataplane.redis_rules import ALLOWED, REFUSED, USERS
from kagemusha.dataplane.resp import request
from kagemusha.domain.doors import DataStore

ADMIN = "kagemusha"
"""Who may change passwords and settings, and nothing else; its password is known to this process alone."""
STARTS_IN = 60.0
"""Seconds that a server may take to read its data."""
ANSWERS_IN = 5.0
"""Seconds that a server may take to change its mind: one that is busy for longer is ended, and keeps its data."""
ENDS_IN = 10.0
"""Seconds that a server may take to write its data down."""
_LOOKS = 0.01
_SHELL = "/bin/sh"
_GUARDED = """\
exec 3<&0 </dev/null
(read -r _ <&3 || { kill -9 $$; rm -rf "$0"; }) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
"""
"""Becomes the server, and leaves a child that waits for a line, or for the end of whoever could write one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server has its things: `runtime`, of all servers, goes with this process, `data` stays."""

    executable: Path
    runtime: Path
    name: str
    data: Path

    @property
    def socket(self) -> Path:
        """Where it listens; systems allow some hundred bytes."""
        return self.runtime / f"{self.name}.s"

    @property
    def configuration(self) -> Path:
        """What it is started with."""
        return self.runtime / f"{self.name}.conf"

    @property
    def log(self) -> Path:
        """What it complained of."""
        return self.runtime / f"{self.name}.log"


class RedisProcess:
    """A redis-server that runs."""

    def __init__(self, place: Place, secret: str, process: asyncio.subprocess.Process, lifeline: int) -> None:
        """Look after a process. It lives no longer than the file descriptor `lifeline` is open."""
        self._place, self._secret, self._process, self._lifeline = place, secret, process, lifeline

    @property
    def pid(self) -> int:
        """Its process's id."""
        return self._process.pid

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self._place.socket

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    async def ready(self) -> None:
        """Return when it has read its data. Raises BackendProblem when it ended, or takes too long."""
        try:
            async with asyncio.timeout(STARTS_IN):
                while self.runs:
                    with suppress(OSError, EOFError, _Refused):
                        return await self._ask(("PING",))
                    await asyncio.sleep(_LOOKS)
        except TimeoutError:
            raise BackendProblem(f"{self._place.executable} does not answer after {STARTS_IN:.0f} s.") from None
        said = _last_line(self._place.log)
        raise BackendProblem(f"{self._place.executable} ended ({said}): give another with --redis-server.")

    async def take_on(self, store: DataStore) -> None:
        """Have the password and the settings of an add-on, the old password refused; one that can't is ended."""
        passwords = [("ACL", "SETUSER", user, "resetpass", _hashed(store.password)) for user in USERS]
        settings = [("CONFIG", "SET", name, value) for name, value in _settings(store).items()]
        try:
            async with asyncio.timeout(ANSWERS_IN):
                await self._ask(*passwords, *settings)
        except (OSError, EOFError, _Refused, TimeoutError):
            await self.end(kindly=False)

    async def end(self, *, kindly: bool = True) -> None:
        """Let it write its data down, if `kindly`, and end. It has ended when this returns."""
        if self.runs:
            with suppress(ProcessLookupError):
                self._process.terminate() if kindly else self._process.kill()
            try:
                async with asyncio.timeout(ENDS_IN):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        self.forget()

    def forget(self) -> None:
        """Let its guard go home."""
        if self._lifeline >= 0:
            with suppress(OSError):
                os.write(self._lifeline, b"\n")
            os.close(self._lifeline)
            self._lifeline = -1

    async def _ask(self, *requests: tuple[str, ...]) -> None:
        """Have requests done, by the administrator. Raises OSError, EOFError, _Refused."""
        reader, writer = await asyncio.open_unix_connection(self.socket)
        try:
            for each in (("AUTH", ADMIN, self._secret), *requests):
                writer.write(request(*each))
                answer = await reader.readline()
                if not answer:
                    raise EOFError
                if not answer.startswith(b"+"):
                    raise _Refused
        finally:
            writer.close()


class _Refused(Exception):
    """The server does not do it, or not yet."""


async def started(place: Place, store: DataStore, secret: str) -> RedisProcess:
    """A server that has read its data. Raises BackendProblem."""
    try:
        place.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        place.configuration.touch(0o600)
        place.configuration.write_text(_configuration(place, store, secret))
        async with _alone(place) as lock:
            server = await _spawned(place, secret, lock)
    except OSError as error:
        raise BackendProblem(f"Can't start {place.executable} in {place.data} ({error.strerror}).") from None
    try:
        await server.ready()
    except BaseException:
        await server.end(kindly=False)
        raise
    return server


async def _spawned(place: Place, secret: str, lock: int) -> RedisProcess:
    guards_end, ours = os.pipe()
    try:
        with place.log.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(_SHELL, "-c", _GUARDED, f"{place.runtime}", f"{place.executable}", f"{place.configuration}"),
                stdin=guards_end,
                stdout=log.fileno(),
                stderr=log.fileno(),
                pass_fds=(lock,),
                start_new_session=True,
            )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(guards_end)
    return RedisProcess(place, secret, process, ours)


@asynccontextmanager
async def _alone(place: Place) -> AsyncIterator[int]:
    """A lock on the data, which whoever inherits it keeps: one of ours that was killed may end a moment after."""
    lock = os.open(place.data, os.O_RDONLY)
    try:
        if not await have(lock, ANSWERS_IN):
            raise BackendProblem(f"Another kagemusha has the data in {place.data}: end it.")
        yield lock
    finally:
        os.close(lock)


def _settings(store: DataStore) -> dict[str, str]:
    settings = store.settings
    return {
        "maxmemory-policy": settings.maxmemory_policy,
        "timeout": f"{settings.timeout}",
        "notify-keyspace-events": settings.notify_keyspace_events,
    }


def _configuration(place: Place, store: DataStore, secret: str) -> str:
    fixed = {
        "port": "0",
        "unixsocket": f"{place.socket}",
        "unixsocketperm": "600",
        "dir": f"{place.data}",
        "appendonly": "yes",
        "save": "",
        "loglevel": "warning",
    }
    rules = [*(f"-{each}" for each in sorted(REFUSED)), *(f"+{each}" for each in sorted(ALLOWED))]
    users = [f"user {each} reset on {_hashed(store.password)} ~* &* +@all {' '.join(rules)}" for each in USERS]
    admin = f"user {ADMIN} reset on {_hashed(secret)} -@all +acl +config +ping"
    lines = [f"{name} {_quoted(value)}" for name, value in (fixed | _settings(store)).items()]
    return "\n".join([*lines, *users, admin, ""])


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _hashed(password: str) -> str:
    return f"#{sha256(password.encode()).hexdigest()}"


def _last_line(log: Path) -> str:
    try:
        lines = log.read_text(errors="replace").split("\n")
    except OSError:
        return "silently"
    return next((line.strip() for line in reversed(lines) if line.strip()), "silently")
