"""Redis inside this process, by fakeredis: for who has no redis-server. What it holds ends with the process."""

import asyncio
import socket
from collections.abc import Sequence
from typing import cast

from kagemusha.dataplane.backend import BackendProblem, Maker
from kagemusha.dataplane.fake_session import Session
from kagemusha.dataplane.fake_store import FakeStore
from kagemusha.dataplane.resp import Broken, Requests
from kagemusha.domain.doors import DataStore

_SENT_AT_ONCE = 64 * 1024
"""Bytes of answers that are sent together."""
_KEPT = 1024 * 1024
"""Bytes of requests that are taken in while an earlier one waits."""
_UNREAD = 32 * 1024 * 1024
"""Bytes that a subscriber may leave unread (Redis' client-output-buffer-limit)."""


class FakeRedis:
    """A backend: a fakeredis server for each add-on."""

    def __init__(self) -> None:
        """Have none yet."""
        self._agreed: dict[str, dict[str, DataStore]] = {}
        self._stores: dict[str, dict[str, FakeStore]] = {}

    async def connect(self, store: DataStore, protocol: Maker) -> asyncio.Transport:
        """Connect a protocol to the store, by a pair of sockets, whose buffers and ends are the system's.

        Raises BackendProblem where there can be no more of them, or the add-on has gone meanwhile.
        """
        fake = self._store(store)
        loop = asyncio.get_running_loop()
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise BackendProblem(f"No more connections to Redis ({error.strerror}): allow more open files.") from None
        ours.settimeout(0)
        theirs.settimeout(0)
        await loop.connect_accepted_socket(lambda: Connection(fake), ours)
        transport, _ = await loop.create_unix_connection(protocol, sock=theirs)
        return transport

    async def agree(self, world: str, stores: Sequence[DataStore]) -> None:
        """Let the world have these stores and no others."""
        wanted = {each.key: each for each in stores}
        if self._agreed.get(world) == wanted:
            return
        self._agreed[world] = wanted
        have = self._stores.get(world, {})
        for key in have.keys() - wanted.keys():
            have.pop(key).drop()
        for key, fake in have.items():
            fake.take_on(wanted[key])

    def forget(self, world: str) -> None:
        """See Backend."""
        self._agreed.pop(world, None)
        self._stores.pop(world, None)

    async def keep(self, worlds: Sequence[str]) -> None:
        """Let the data of all other worlds go."""
        for world in (self._agreed.keys() | self._stores.keys()) - set(worlds):
            await self.agree(world, ())
            self.forget(world)

    async def close(self) -> None:
        """Let all data go."""
        await self.keep(())

    def _store(self, store: DataStore) -> FakeStore:
        current = self._agreed.get(store.world, {store.key: store}).get(store.key)
        if current is None:
            raise BackendProblem(f"{store.addon} is gone: connect to an add-on that is there.")
        have = self._stores.setdefault(store.world, {})
        if store.key not in have:
            have[store.key] = FakeStore(current)
        return have[store.key]


class Connection(asyncio.Protocol):
    """One client of a store: bytes to requests, answers to bytes, each only as fast as the other side reads."""

    def __init__(self, store: FakeStore) -> None:
        """Be one that has not come yet."""
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._requests = Requests()
        self._session = Session(store, self._send, self._resume)
        self._answers: list[bytes] = []
        self._size = 0
        self._full = self._busy = self._ended = False
        self._did_something = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Come."""
        self._transport = cast(asyncio.Transport, transport)
        self._store.come(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Go."""
        self._ended = True
        self._session.leave()
        self._store.leave(self)

    def data_received(self, data: bytes) -> None:
        """Take requests in."""
        self._did_something = self._loop.time()
        self._requests.feed(data)
        self._run()

    def pause_writing(self) -> None:
        """Do no more until the client has read."""
        self._full = True

    def resume_writing(self) -> None:
        """Go on."""
        self._full = False
        self._run()

    def is_idle_for(self, seconds: float) -> bool:
        """Whether it did nothing for that long; who is subscribed, or waits for a list, is not idle."""
        busy = self._session.waits or self._session.listens
        return not busy and self._loop.time() - self._did_something > seconds

    def cut(self) -> None:
        """End it at once."""
        self._ended = True
        self._transport.abort()

    def _resume(self) -> None:
        if not self._busy:
            self._run()

    def _run(self) -> None:
        self._busy = True
        try:
            while not (self._ended or self._full or self._session.waits or self._session.over):
                self._requests.trusted = self._session.trusted
                request = self._requests.take()
                if request is None:
                    break
                self._session.run(request)
                if self._size > _SENT_AT_ONCE:
                    self._flush()
        except Broken as broken:
            if f"{broken}":
                self._answers.append(f"-ERR Protocol error: {broken}\r\n".encode())
            self._end()
        self._busy = False
        self._flush()
        if self._session.over:
            self._end()
        self._read_on()

    def _read_on(self) -> None:
        if self._ended:
            return
        if self._full or (self._session.waits and self._requests.waiting > _KEPT):
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _send(self, data: bytes) -> None:
        self._answers.append(data)
        self._size += len(data)
        if not self._busy:
            self._flush()

    def _flush(self) -> None:
        if self._answers and not self._transport.is_closing():
            self._transport.write(b"".join(self._answers))
            if self._transport.get_write_buffer_size() > _UNREAD and self._session.listens:
                self.cut()
        self._answers, self._size = [], 0

    def _end(self) -> None:
        self._flush()
        self._ended = True
        self._transport.close()
