"""One connection, from the moment at which it is accepted to its end."""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from kagemusha.clock import elapsed
from kagemusha.dataplane.backend import Backend, BackendProblem
from kagemusha.dataplane.openings import MANNERS, PATIENCE, Client, Unopened
from kagemusha.dataplane.pipe import Back, Flow, Front
from kagemusha.domain import security_groups
from kagemusha.domain.connections import Outcome, Reason
from kagemusha.domain.doors import Door, Filter, Kind
from kagemusha.domain.errors import DomainError, NotFound, Unavailable
from kagemusha.domain.faults import RequestEffect
from kagemusha.domain.security_groups import Rule
from kagemusha.services import connections, doors, faults, sources
from kagemusha.services.connections import Counts, Entry
from kagemusha.services.transactions import Transactions
from kagemusha.store.records import Sandbox, Source

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER's: a socket that is closed resets its connection."""
_SWALLOWED = 65_536


class Networks(Protocol):
    """Who knows the networks of AWS accounts, by account, AWS region and seed of the world. Raises DomainError."""

    async def ingress(self, account_id: str, aws_region: str, seed: int, group_ids: Sequence[str]) -> Sequence[Rule]:
        """The ingress rules that security groups have now."""

    async def vpc_block(self, account_id: str, aws_region: str, seed: int, vpc_id: str) -> str | None:
        """The CIDR block of a VPC."""


@dataclass(frozen=True, slots=True)
class House:
    """What all visits share."""

    transactions: Transactions
    backends: Mapping[Kind, Backend]
    networks: Networks
    counts: Counts


class Refused(Exception):
    """A client is not let in; one that `hangs` is not told so."""

    def __init__(self, reason: Reason, *, hangs: bool = False) -> None:
        """The reason goes into the journal."""
        super().__init__(reason)
        self.reason = reason
        self.hangs = hangs


class Visit:
    """A client at a door: let in, or not, as the world says at that moment. `cut` ends it at any other."""

    def __init__(self, house: House, sandbox: Sandbox, door: Door, client: socket.socket, address: str) -> None:
        """`sandbox` and `door` are as they were seen last, `client` is the accepted socket, from `address`."""
        self.door = door
        self._house = house
        self._sandbox = sandbox
        self._client = client
        store = door.store
        self._entry = Entry(store.kind, door.host, store.addon, address, Outcome.CONNECTED, door.endpoint_id)
        self._task: asyncio.Task[None] | None = None
        self._front: Front | None = None
        self._cut: Reason | None = None
        self._over = asyncio.Event()

    async def stay(self, context: Callable[[], Awaitable[ssl.SSLContext]]) -> None:
        """Be let in, or not, and stay to the end; `context` gives what TLS is spoken with."""
        self._task = asyncio.current_task()
        try:
            flow = await self._admit()
            await self._enter(flow, await context())
        except Refused as refused:
            await self._refuse(refused)
        except Unopened as unopened:
            # Who was told something is to read it.
            self._client.close()
            if unopened.reason is not None:
                self._tell(Outcome.REFUSED, unopened.reason)
        except (NotFound, Unavailable):
            self._tell(Outcome.REFUSED, Reason.NOT_AVAILABLE)
        except asyncio.CancelledError:
            if self._cut is None:
                raise
            self._tell(Outcome.REFUSED, self._cut)
        finally:
            self._task = None
            if self._front is None:
                self._reset()

    def cut(self, reason: Reason) -> None:
        """End it now."""
        self._cut = self._cut or reason
        if self._front is not None:
            self._front.cut()
        elif self._task is not None:
            self._task.cancel()

    async def _admit(self) -> Flow:
        """Ask the world, the faults and the rules. Raises Refused."""
        # What it settles and counts is brought to its end, though the client may be cut meanwhile.
        door, source, met = await asyncio.shield(self._ask())
        number, effect = met or (None, RequestEffect())
        mapped = None if source.vpc_address == source.address else source.vpc_address
        self._entry = replace(self._entry, vpc_address=mapped, fault=number)
        if effect.latency:
            await asyncio.sleep(effect.latency)
        if effect.refuse:
            raise Refused(Reason.FAULT)
        if door.filter is not None:
            await self._pass(door.filter, door.port, source)
        return Flow(effect.cut_after)

    async def _ask(self) -> tuple[Door, Source, tuple[int, RequestEffect] | None]:
        """The door as it is now, who comes, and the fault that is met. Raises Refused."""
        transactions, number = self._house.transactions, self._sandbox.id
        async with transactions.reading(("id", number)) as world:
            door = doors.door_now(world, self.door) if world else None
            if world is None or door is None or not self._is_still(door):
                raise Refused(Reason.NOT_AVAILABLE)
            self._sandbox, source = world.sandbox, sources.seen_as(world, self._entry.source)
        labels = connections.labels(door, source)
        return door, source, await faults.meet_connection(transactions, number, door.store.kind, labels)

    def _is_still(self, door: Door) -> bool:
        return door.is_open and door.store.credentials == self.door.store.credentials

    async def _pass(self, asked: Filter, port: int, source: Source) -> None:
        """Pass the security groups.

        A client of whose address no source speaks is somewhere in the endpoint's VPC: rules for all of that let it in.
        """
        networks, account = self._house.networks, (asked.account_id, asked.aws_region, self._sandbox.seed)
        is_known = source.vpc_address != source.address
        try:
            rules = await networks.ingress(*account, asked.security_group_ids)
            if security_groups.admits(rules, port, source.vpc_address, source.groups):
                return
            block = None if is_known or asked.vpc_id is None else await networks.vpc_block(*account, asked.vpc_id)
        except DomainError:
            raise Refused(Reason.RULES_UNKNOWN) from None
        if block is None or not security_groups.admits_all_of(rules, port, block):
            raise Refused(Reason.SECURITY_GROUP, hangs=True)

    async def _enter(self, flow: Flow, context: ssl.SSLContext) -> None:
        """Hear the client out, speak TLS, and let bytes flow until one side ends it. Raises Unopened."""
        store = self.door.store
        client = Client(self._client, self._entry.source, self._house.backends[store.kind], store)
        protocol = await MANNERS[store.kind].open(client)
        front = await self._handshake(flow, context, protocol)
        began = elapsed()
        if front.is_in_vain or not await self._join(front):
            return
        self._tell(Outcome.CONNECTED)
        await self._over.wait()
        reason = self._cut or (Reason.FAULT if flow.left == 0 else front.ended_by)
        self._tell(Outcome.CLOSED, reason, flow, elapsed() - began)

    async def _handshake(self, flow: Flow, context: ssl.SSLContext, protocol: str | None) -> Front:
        front = Front(flow, self._over.set)
        try:
            # What it returns as the protocol is another thing in each kind of loop.
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: front, self._client, ssl=context, ssl_handshake_timeout=PATIENCE
            )
        except OSError:
            raise Unopened(Reason.TLS) from None
        self._front = front
        agreed = front.transport.get_extra_info("ssl_object").selected_alpn_protocol()
        if protocol is not None and agreed != protocol:
            front.cut()
            raise Unopened(Reason.TLS)
        if self._cut is not None:
            front.cut()
        return front

    async def _join(self, front: Front) -> bool:
        """Connect the client to its store; whether it could be done."""
        store = self.door.store
        try:
            await self._house.backends[store.kind].connect(store, lambda: Back(front))
        except BackendProblem as problem:
            self._tell(Outcome.REFUSED, self._cut or Reason.BACKEND)
            await front.hear(PATIENCE)
            if not front.transport.is_closing():
                front.transport.write(MANNERS[store.kind].apology(str(problem)))
                front.transport.close()
            return False
        return True

    async def _refuse(self, refused: Refused) -> None:
        self._tell(Outcome.HANGING if refused.hangs else Outcome.REFUSED, refused.reason)
        if refused.hangs:
            loop = asyncio.get_running_loop()
            with suppress(OSError):
                while await loop.sock_recv(self._client, _SWALLOWED):
                    pass

    def _reset(self) -> None:
        with suppress(OSError):
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._client.close()

    def _tell(
        self, outcome: Outcome, reason: Reason | None = None, flow: Flow | None = None, duration: float | None = None
    ) -> None:
        """Let the journal and the metrics tell what became of it."""
        entry = replace(self._entry, outcome=outcome, reason=reason, duration=duration)
        if flow is not None:
            entry = replace(entry, received=flow.received, sent=flow.sent)
        self._house.counts.add(self._sandbox.id, entry)
        transactions = self._house.transactions
        connections.note(transactions, self._sandbox.id, self._sandbox.now(transactions.clock()), entry)
