"""Redis by real redis-servers: one for each add-on that somebody connects to, whose data survives restarts."""

import asyncio
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp

from kagemusha.dataplane.backend import BackendProblem, Maker
from kagemusha.dataplane.redis_process import Place, RedisProcess, started
from kagemusha.domain.doors import DataStore

_LONGEST_SOCKET = 100
"""Bytes of a socket's path: Linux allows 107, macOS 103."""


class RedisServers:
    """A backend: the servers that run, and the data in `folder`, as ``<world>/<key>``."""

    def __init__(self, executable: Path, folder: Path) -> None:
        """Have nothing running yet. The folder is made when it is needed."""
        self._executable, self._folder = executable, folder
        self._secret = token_hex()
        self._worlds: dict[str, _World] = {}
        self._runtime: Path | None = None

    async def connect(self, store: DataStore, protocol: Maker) -> asyncio.Transport:
        """Connect a protocol to the store's server, which is started if it doesn't run. Raises BackendProblem."""
        world = self._world(store.world)
        slot = world.slot(store)
        async with slot.lock:
            if slot.gone:
                raise _gone(store)
            if slot.server is None or not slot.server.runs:
                slot.server = await self._started(slot)
            path = f"{slot.server.socket}"
        try:
            transport, _ = await asyncio.get_running_loop().create_unix_connection(protocol, path)
        except OSError as error:
            raise BackendProblem(f"The redis-server of {store.addon} can't be reached ({error.strerror}).") from None
        return transport

    async def agree(self, world: str, stores: Sequence[DataStore]) -> None:
        """Let the world have these stores and no others. Raises BackendProblem where data can't be deleted."""
        wanted = {each.key: each for each in stores}
        this = self._world(world)
        async with this.lock:
            if this.agreed == wanted:
                return
            gone = this.agreed is None or not this.agreed.keys() <= wanted.keys()
            this.wanted, this.agreed = wanted, None
            await asyncio.gather(*(this.settle(slot) for slot in list(this.slots.values())))
            if gone:
                here = self._folder / world
                await asyncio.to_thread(_delete, _others(here, wanted) if wanted else [here])
            this.agreed = wanted

    def forget(self, world: str) -> None:
        """See Backend."""
        self._worlds.pop(world, None)

    async def keep(self, worlds: Sequence[str]) -> None:
        """Let the data of all other worlds go. Raises BackendProblem where it can't be deleted."""
        others = self._worlds.keys() - set(worlds)
        await asyncio.gather(*(self.agree(world, ()) for world in others))
        await asyncio.to_thread(_delete, _others(self._folder, {*worlds, *self._worlds}))
        for world in others:
            self.forget(world)

    async def close(self) -> None:
        """End all servers, which write their data down."""
        slots = [slot for world in self._worlds.values() for slot in world.slots.values()]
        await asyncio.gather(*(slot.end() for slot in slots))
        if self._runtime is not None:
            shutil.rmtree(self._runtime, ignore_errors=True)
            self._runtime = None

    def servers(self) -> list[RedisProcess]:
        """What runs."""
        slots = (slot for world in self._worlds.values() for slot in world.slots.values())
        return [slot.server for slot in slots if slot.server is not None and slot.server.runs]

    def _world(self, world: str) -> "_World":
        return self._worlds.setdefault(world, _World())

    async def _started(self, slot: "_Slot") -> RedisProcess:
        if slot.server is not None:
            slot.server.forget()
        if self._runtime is None:
            self._runtime = _short_folder()
        store = slot.store
        data = self._folder / store.world / store.key
        return await started(Place(self._executable, self._runtime, store.key, data), store, self._secret)


class _Slot:
    """A store, and its server if it has one."""

    def __init__(self, store: DataStore) -> None:
        self.store = store
        self.lock = asyncio.Lock()
        self.server: RedisProcess | None = None
        self.gone = False

    async def take_on(self, store: DataStore) -> None:
        async with self.lock:
            before, self.store = self.store, store
            if before != store and self.server is not None and self.server.runs:
                await self.server.take_on(store)

    async def end(self) -> None:
        async with self.lock:
            self.gone = True
            if self.server is not None:
                await self.server.end()


class _World:
    """The stores of a world: `wanted` since it was last asked, `agreed` when that is done; None before."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.slots: dict[str, _Slot] = {}
        self.wanted: dict[str, DataStore] | None = None
        self.agreed: dict[str, DataStore] | None = None

    def slot(self, store: DataStore) -> _Slot:
        current = store if self.wanted is None else self.wanted.get(store.key)
        if current is None:
            raise _gone(store)
        return self.slots.setdefault(store.key, _Slot(current))

    async def settle(self, slot: _Slot) -> None:
        store = (self.wanted or {}).get(slot.store.key)
        if store is not None:
            await slot.take_on(store)
        else:
            self.slots.pop(slot.store.key, None)
            await slot.end()


def _gone(store: DataStore) -> BackendProblem:
    return BackendProblem(f"{store.addon} is gone: connect to an add-on that is there.")


def _short_folder() -> Path:
    """A folder of this process alone, where sockets have short paths."""
    made = Path(mkdtemp(prefix="kagemusha-"))
    if len(f"{made}/{'k' * 16}.s".encode()) <= _LONGEST_SOCKET:
        return made
    made.rmdir()
    return Path(mkdtemp(prefix="kagemusha-", dir="/tmp"))


def _others(folder: Path, but: Collection[str]) -> list[Path]:
    """What is in a folder now, but for these."""
    return [each for each in folder.iterdir() if each.name not in but] if folder.is_dir() else []


def _delete(folders: Sequence[Path]) -> None:
    """Delete what there is of them. Raises BackendProblem."""
    for each in folders:
        try:
            shutil.rmtree(each)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise BackendProblem(f"Can't delete the data in {each} ({error.strerror}): delete it by hand.") from None
