"""The gateway: keeps the doors of all worlds as they are wanted."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from kagemusha.dataplane import certificates
from kagemusha.dataplane.backend import Backend, BackendProblem
from kagemusha.dataplane.places import Name, Place, Places
from kagemusha.dataplane.visit import House
from kagemusha.dataplane.world import World, authority_of
from kagemusha.domain.connections import Reason
from kagemusha.domain.doors import Door
from kagemusha.domain.errors import Unavailable
from kagemusha.services import doors
from kagemusha.store.records import Sandbox

log = logging.getLogger(__name__)


class Gateway:
    """A DataPlane whose doors are sockets of this machine."""

    def __init__(self, house: House, *, addresses: bool) -> None:
        """`addresses`: URLs are told with the places of doors, else with AWS's names."""
        self._house = house
        self._addresses = addresses
        self._places = Places()
        self._worlds: dict[int, World] = {}
        self._locks: dict[int, asyncio.Lock] = {}

    async def start(self) -> None:
        """Open the doors of all worlds; data of worlds that are no more goes. Raises BackendProblem, Unavailable."""
        async with self._house.transactions.server() as sandboxes:
            found = sandboxes.list()
        for backend in self._house.backends.values():
            await backend.keep([doors.world_key(each) for each in found])
        for each in found:
            await self.agree(each.id)

    async def stop(self, *, forget: bool) -> None:
        """Close all doors, and end what runs behind them; `forget` lets all data go."""
        await asyncio.gather(*(each.end(Reason.SERVER_ENDS) for each in self._worlds.values()))
        await asyncio.gather(*(self._end(each, forget=forget) for each in self._house.backends.values()))

    async def _end(self, backend: Backend, *, forget: bool) -> None:
        try:
            if forget:
                await backend.keep([])
        except BackendProblem as problem:
            log.warning("Data of this server stays: %s", problem)
        finally:
            await backend.close()

    async def agree(self, sandbox_id: int) -> None:
        """See DataPlane. While the database is away everything stays as it is."""
        async with self._locks.setdefault(sandbox_id, asyncio.Lock()):
            try:
                await self._agree(sandbox_id)
            except Unavailable as error:
                log.warning("The data plane could not look: %s", error.message)
            except OSError as error:
                log.warning("The data plane can't open a door: %s", error)

    async def _agree(self, sandbox_id: int) -> None:
        async with self._house.transactions.looking(("id", sandbox_id)) as context:
            sandbox = context.sandbox if context else None
            wanted = doors.doors(context) if context else []
        world = self._worlds.get(sandbox_id)
        if world is None and sandbox is not None and wanted:
            world = self._worlds[sandbox_id] = World(self._house, self._places, sandbox)
        if world is not None:
            await world.agree(sandbox or world.sandbox, wanted)
        if sandbox is None:
            if world is not None:
                await world.end(Reason.DOOR_CLOSED)
                del self._worlds[sandbox_id]
                for backend in self._house.backends.values():
                    backend.forget(doors.world_key(world.sandbox))
            self._house.counts.forget(sandbox_id)
            self._locks.pop(sandbox_id, None)

    def spelled(self, sandbox_id: int, url: str, *, live: bool) -> str:
        """See DataPlane. What is no URL of a door is left as it is."""
        if not self._addresses:
            return url
        head, at, rest = url.partition("@")
        found, slash, path = rest.partition("/")
        host, _, port = found.partition(":")
        if not (at and host and port.isdecimal()):
            return url
        name = Name(sandbox_id, host, int(port))
        place = self._places.of(name) if live else self._places.known(name)
        return url if place is None else f"{head}@{place.address}:{place.port}{slash}{path}"

    def address(self, sandbox_id: int, host: str, port: int) -> str:
        """See DataPlane."""
        return self._places.of(Name(sandbox_id, host, port)).address

    def report(self, sandbox_id: int) -> Mapping[str, Any]:
        """See DataPlane."""
        world = self._worlds.get(sandbox_id)
        found = [] if world is None else [self._shown(world, name, door) for name, door in world.doors.items()]
        problems = {} if world is None else dict(world.problems)
        counts = self._house.counts.of(sandbox_id).shown()
        return {
            "endpoint_host": "address" if self._addresses else "dns",
            "doors": found,
            "problems": problems,
            **counts,
        }

    async def authority(self, sandbox: Sandbox) -> str:
        """See DataPlane."""
        return certificates.certificate(await authority_of(self._house.transactions, sandbox))

    def _shown(self, world: World, name: Name, door: Door) -> Mapping[str, Any]:
        place: Place = self._places.of(name)
        return {
            "kind": door.store.kind, "addon": door.store.addon, "endpoint_id": door.endpoint_id, "host": door.host,
            "aliases": list(door.aliases), "port": door.port, "address": place.address, "listens_on": place.port,
            "open": door.is_open, "connections": world.connections(door),
        }  # fmt: skip
