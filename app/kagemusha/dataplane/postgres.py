"""The stores of Postgres add-ons: in a cluster of each world's own, or in a PostgreSQL that is given."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from secrets import token_hex
from typing import Protocol

from kagemusha.dataplane.backend import BackendProblem, Maker
from kagemusha.dataplane.postgres_cluster import Clusters
from kagemusha.dataplane.postgres_programs import explained
from kagemusha.dataplane.postgres_roles import Roles
from kagemusha.domain.doors import DataStore


class Place(Protocol):
    """Where the stores of a world are."""

    @property
    def runs(self) -> bool:
        """Whether it can be asked now."""

    async def start(self) -> None:
        """Let it run."""

    @property
    def roles(self) -> Roles:
        """Its roles, while it runs."""

    async def remove(self) -> None:
        """Let all that the world has there go."""

    async def stop(self) -> None:
        """End it, if it is ours; data stays."""


class Places(Protocol):
    """Where the stores of worlds are."""

    def place(self, world: str) -> Place:
        """That of one."""

    async def others(self, worlds: Sequence[str]) -> None:
        """Let what other worlds have go; none of their places runs."""


@dataclass(slots=True)
class _World:
    """A world's place, and what it wants there. `had` are the stores that are there, by key with their users."""

    place: Place
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    wanted: dict[str, DataStore] | None = None
    gone: set[str] = field(default_factory=set)
    had: dict[str, str] = field(default_factory=dict)


class Postgres:
    """The Backend of Postgres add-ons."""

    def __init__(self, places: Places) -> None:
        """See `of_wheel` and `of_server`."""
        self._places = places
        self._worlds: dict[str, _World] = {}

    async def connect(self, store: DataStore, protocol: Maker) -> asyncio.Transport:
        """Connect to the PostgreSQL that has the store, which is started and made to have it by the first."""
        # A client that has no patience leaves nothing half done.
        host, port = await asyncio.shield(_let_have(self._world(store.world), store))
        loop = asyncio.get_running_loop()
        try:
            if host.startswith("/"):
                transport, _ = await loop.create_unix_connection(protocol, f"{host}/.s.PGSQL.{port}")
            else:
                transport, _ = await loop.create_connection(protocol, host, port)
        except OSError as error:
            raise BackendProblem(f"PostgreSQL does not answer ({error}): try again.") from None
        return transport

    async def agree(self, world: str, stores: Sequence[DataStore]) -> None:
        """Let a world have these stores; what has none has no cluster either."""
        await asyncio.shield(_agree(self._world(world), world, stores))

    def forget(self, world: str) -> None:
        """See Backend."""
        self._worlds.pop(world, None)

    async def keep(self, worlds: Sequence[str]) -> None:
        """Let the data of all other worlds go."""
        for name in self._worlds.keys() - set(worlds):
            await self.agree(name, ())
            self.forget(name)
        await self._places.others(worlds)

    async def close(self) -> None:
        """End the clusters."""
        await asyncio.gather(*(_stop(each) for each in self._worlds.values()))

    def _world(self, name: str) -> _World:
        if name not in self._worlds:
            self._worlds[name] = _World(self._places.place(name))
        return self._worlds[name]


async def _agree(world: _World, name: str, stores: Sequence[DataStore]) -> None:
    wanted = {each.key: each for each in stores}
    async with world.lock:
        if world.wanted == wanted:
            return
        if not stores:
            await world.place.remove()
        elif world.place.runs:
            await world.place.roles.agree(name, stores)
        # A store that comes again, from a snapshot, is wanted again.
        world.gone = (world.gone | (world.wanted or {}).keys() | world.had.keys()) - wanted.keys()
        world.had = {key: wanted[key].user for key in world.had if key in wanted}
        world.wanted = wanted


async def _let_have(world: _World, store: DataStore) -> tuple[str, int]:
    """See that a store is there, as the world last said that it wants it; the host and port that it is at."""
    async with world.lock:
        if store.key in world.gone:
            raise BackendProblem(f"The data of {store.addon} is gone.")
        store = (world.wanted or {}).get(store.key, store)
        if not world.place.runs:
            world.had.clear()
            await world.place.start()
            if world.wanted is not None:
                await world.place.roles.agree(store.world, list(world.wanted.values()))
        if world.had.get(store.key) != store.user:
            await world.place.roles.have(store)
            world.had[store.key] = store.user
        return world.place.roles.address


async def _stop(world: _World) -> None:
    async with world.lock:
        await world.place.stop()


def of_wheel(folder: Path) -> Postgres:
    """Clusters in ``postgres/`` of `folder`, each started by the first connection. Raises BackendProblem."""
    ours = folder.absolute() / "postgres"
    return Postgres(Clusters(ours, _secret(ours)))


def of_server(url: str, folder: Path) -> Postgres:
    """Stores on the PostgreSQL at `url`; ``postgres/`` of `folder` has what tells ours from others there.

    Raises BackendProblem.
    """
    mark = blake2b(_secret(folder.absolute() / "postgres").encode(), digest_size=8).hexdigest()
    return Postgres(_Given(Roles(url, mark)))


def _secret(folder: Path) -> str:
    """What this folder has alone: the superuser's password, whose hash marks what is ours elsewhere."""
    kept = folder / ".secret"
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not kept.exists():
            made = folder / f".secret.{token_hex(8)}"
            made.touch(0o600)
            made.write_text(token_hex(32))
            try:
                kept.hardlink_to(made)
            except FileExistsError:
                pass
            finally:
                made.unlink()
        return kept.read_text()


class _Given:
    """A PostgreSQL that is given, as the places of all worlds."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    def place(self, world: str) -> Place:
        return _Part(self._roles, world)

    async def others(self, worlds: Sequence[str]) -> None:
        await self._roles.keep(worlds)


@dataclass(frozen=True, slots=True)
class _Part:
    """What one world has there."""

    roles: Roles
    world: str
    runs: bool = True

    async def start(self) -> None:
        pass

    async def remove(self) -> None:
        await self.roles.agree(self.world, ())

    async def stop(self) -> None:
        pass
