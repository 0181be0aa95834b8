"""Bytes from one side to the other, no faster than the slower one takes them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from kagemusha.domain.connections import Reason

_EARLY = 65_536
"""Bytes that a client may say before it is joined to a store."""


class Flow:
    """What came through a connection, in bytes: `received` from the client and `sent` to it.

    `left` is how many may still be sent before the connection is cut; None is without an end.
    """

    __slots__ = ("left", "received", "sent")

    def __init__(self, left: int | None = None) -> None:
        """Nothing yet."""
        self.received = 0
        self.sent = 0
        self.left = left


class Front(asyncio.Protocol):
    """The client's side, on TLS. What comes before it is joined to a store is kept for that.

    A client that is not read may have left meanwhile: then event loops drop what it said.
    """

    def __init__(self, flow: Flow, ended: Callable[[], object]) -> None:
        """`ended` is called once, when the connection is over."""
        self.flow = flow
        self.ended_by = Reason.CLIENT
        self.is_over = False
        self.transport: asyncio.Transport
        self.back: Back | None = None
        self._heard = asyncio.Event()
        self._early: list[bytes] = []
        self._ended = ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake is done."""
        self.transport = cast("asyncio.Transport", transport)

    @property
    def is_in_vain(self) -> bool:
        """Whether the client is gone, and has left nothing for a store."""
        return self.is_over and not self._early

    def cut(self) -> None:
        """End it now. What waits for a store is dropped."""
        self._early.clear()
        self.transport.abort()

    async def hear(self, patience: float) -> None:
        """Wait until the client has said something, or is gone, but no longer than `patience` seconds.

        Who is answered before may not read the answer, if it is the last.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._heard.wait()

    def join(self, back: "Back") -> None:
        """Let bytes flow."""
        self.back = back
        if not self.transport.is_closing():
            self.transport.resume_reading()
        # Afterwards, since a store that is slow has reading paused again.
        back.transport.writelines(self._early)
        self._early.clear()
        if self.is_over:
            back.transport.close()

    def data_received(self, data: bytes) -> None:
        """Something for the store."""
        self.flow.received += len(data)
        if self.back is None:
            self._heard.set()
            self._early.append(data)
            if self.flow.received >= _EARLY:
                self.transport.pause_reading()
        elif not self.back.transport.is_closing():
            self.back.transport.write(data)

    def pause_writing(self) -> None:
        """The client is slow."""
        if self.back is not None:
            self.back.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has caught up."""
        if self.back is not None and not self.back.transport.is_closing():
            self.back.transport.resume_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        """The client is gone, or was sent away."""
        self.is_over = True
        self._heard.set()
        if self.back is not None:
            self.back.transport.close()
        self._ended()


class Back(asyncio.Protocol):
    """The store's side."""

    def __init__(self, front: Front) -> None:
        """For the client at `front`."""
        self._front = front
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The store answers."""
        self.transport = cast("asyncio.Transport", transport)
        self._front.join(self)

    def data_received(self, data: bytes) -> None:
        """Something for the client."""
        flow, front = self._front.flow, self._front.transport
        if flow.left is not None:
            data = data[: flow.left]
            flow.left -= len(data)
        flow.sent += len(data)
        if not front.is_closing():
            front.write(data)
        if flow.left == 0:
            front.close()

    def pause_writing(self) -> None:
        """The store is slow."""
        if not self._front.transport.is_closing():
            self._front.transport.pause_reading()

    def resume_writing(self) -> None:
        """The store has caught up."""
        if not self._front.transport.is_closing():
            self._front.transport.resume_reading()

    def connection_lost(self, _error: Exception | None) -> None:
        """The store has ended the connection, or was left."""
        if not self._front.is_over:
            self._front.ended_by = Reason.STORE
            self._front.transport.close()
