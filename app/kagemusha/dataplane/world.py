"""The doors of one world: those that are open, and who has come through them."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kagemusha.dataplane import certificates
from kagemusha.dataplane.backend import BackendProblem
from kagemusha.dataplane.openings import MANNERS
from kagemusha.dataplane.places import LOOPBACK, Name, Place, Places
from kagemusha.dataplane.visit import House, Visit
from kagemusha.domain.connections import Reason
from kagemusha.domain.doors import DataStore, Door, Kind
from kagemusha.services.doors import world_key
from kagemusha.services.sandboxes import missing
from kagemusha.services.transactions import Transactions
from kagemusha.store.records import Sandbox

log = logging.getLogger(__name__)
_AGAIN = 0.05
"""Seconds after which a machine that could not accept a connection is asked again."""


@dataclass(slots=True)
class Entrance:
    """An open door, its listening socket, and what takes in those that come."""

    door: Door
    place: Place
    listener: socket.socket
    taking: "asyncio.Task[None] | None" = None
    context: ssl.SSLContext | None = None


async def authority_of(transactions: Transactions, sandbox: Sandbox) -> str:
    """The certificate authority of a world: its key and certificate, in PEM, made when it is first asked for.

    Raises NotFound when the sandbox is gone meanwhile.
    """
    async with transactions.server() as sandboxes:
        found = sandboxes.authority(sandbox.id)
    if found is None:
        async with transactions.server(writes=True) as sandboxes:
            if sandboxes.find("id", sandbox.id, lock=True) is None:
                raise missing(sandbox.name)
            found = sandboxes.authority(sandbox.id)
            if found is None:
                found = certificates.make_authority(sandbox.name)
                sandboxes.keep_authority(sandbox.id, found)
    return found


class World:
    """What the plane keeps of one sandbox."""

    def __init__(self, house: House, places: Places, sandbox: Sandbox) -> None:
        """No door is open yet."""
        self.sandbox = sandbox
        self.doors: Mapping[Name, Door] = {}
        self.problems: dict[Kind, str] = {}
        self._house = house
        self._places = places
        self._entrances: dict[Name, Entrance] = {}
        self._visits: dict[Visit, asyncio.Task[None]] = {}
        self._agreed: dict[Kind, tuple[DataStore, ...]] = {}

    async def agree(self, sandbox: Sandbox, wanted: Sequence[Door]) -> None:
        """Close doors and cut connections, let the stores follow, open doors: then all is as it is `wanted`."""
        self.sandbox = sandbox
        self.doors = {Name(sandbox.id, each.host, each.port): each for each in wanted}
        for name, entrance in list(self._entrances.items()):
            now = self.doors.get(name)
            if now is None or not now.is_open:
                self._close(name)
            else:
                entrance.door = now
        self._cut()
        self._places.keep(sandbox.id, self.doors)
        own = [each.store for each in wanted if each.endpoint_id is None]
        for kind in self._house.backends:
            await self._agree_on(kind, tuple(each for each in own if each.kind == kind))
        for name, door in self.doors.items():
            if door.is_open and name not in self._entrances:
                self._open(name, door)

    async def end(self, reason: Reason) -> None:
        """Close all doors, and see everybody out."""
        for name in list(self._entrances):
            self._close(name)
        visits = dict(self._visits)
        for visit in visits:
            visit.cut(reason)
        await asyncio.gather(*visits.values(), return_exceptions=True)

    def connections(self, door: Door) -> int:
        """How many are at the door, or have come through it."""
        return sum((visit.door.host, visit.door.port) == (door.host, door.port) for visit in self._visits)

    def _cut(self) -> None:
        """Cut the connections through doors that are closed, and those made with credentials that are no more."""
        for visit in list(self._visits):
            then = visit.door
            now = self.doors.get(Name(self.sandbox.id, then.host, then.port))
            if now is None or not now.is_open or now.store.key != then.store.key:
                visit.cut(Reason.DOOR_CLOSED)
            elif now.store.credentials != then.store.credentials:
                visit.cut(Reason.CREDENTIALS_ROTATED)

    async def _agree_on(self, kind: Kind, stores: tuple[DataStore, ...]) -> None:
        if self._agreed.get(kind) == stores:
            return
        try:
            await self._house.backends[kind].agree(world_key(self.sandbox), stores)
        except BackendProblem as problem:
            if self.problems.get(kind) != str(problem):
                log.warning("The %s stores of sandbox %s: %s", kind, self.sandbox.name, problem)
            self.problems[kind] = str(problem)
            self._agreed.pop(kind, None)
        else:
            self.problems.pop(kind, None)
            self._agreed[kind] = stores

    def _open(self, name: Name, door: Door) -> None:
        listener = self._places.listen(name)
        entrance = Entrance(door, self._places.of(name), listener)
        entrance.taking = asyncio.get_running_loop().create_task(self._take_in(entrance))
        self._entrances[name] = entrance

    def _close(self, name: Name) -> None:
        entrance = self._entrances.pop(name)
        if entrance.taking is not None:
            entrance.taking.cancel()
        entrance.listener.close()

    async def _take_in(self, entrance: Entrance) -> None:
        """Accept whoever comes."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, address = await loop.sock_accept(entrance.listener)
            except ConnectionAbortedError:
                continue
            except OSError:
                # No room for another connection, for instance: the next is waited for a moment later.
                await asyncio.sleep(_AGAIN)
                continue
            visit = Visit(self._house, self.sandbox, entrance.door, client, address[0])
            task = loop.create_task(self._receive(visit, entrance))
            self._visits[visit] = task

    async def _receive(self, visit: Visit, entrance: Entrance) -> None:
        async def context() -> ssl.SSLContext:
            if entrance.context is None:
                authority = await authority_of(self._house.transactions, self.sandbox)
                # Nothing is awaited from here on: it is made once.
                entrance.context = entrance.context or self._certified(entrance, authority)
            return entrance.context

        try:
            await visit.stay(context)
        except Exception:
            visit.cut(Reason.SERVER_ENDS)
            log.exception("A connection to %s failed: kagemusha has a bug. Please report it.", visit.door.store.addon)
        finally:
            del self._visits[visit]

    def _certified(self, entrance: Entrance, authority: str) -> ssl.SSLContext:
        door, address = entrance.door, entrance.place.address
        names = [door.host, *door.aliases, address, *(["localhost"] if address == LOOPBACK else [])]
        return certificates.context(authority, names, MANNERS[door.store.kind].protocols)
