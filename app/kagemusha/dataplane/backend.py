"""What holds data behind the doors of one kind: Redis or PostgreSQL."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from kagemusha.domain.doors import DataStore
from kagemusha.problems import StartProblem

Maker = Callable[[], asyncio.Protocol]


class BackendProblem(StartProblem):
    """A store can't be had; the message is one line and says what to do."""


class Backend(Protocol):
    """The stores of one kind, each started by the first connection to it."""

    async def connect(self, store: DataStore, protocol: Maker) -> asyncio.Transport:
        """Connect a protocol to the store's own server, which does all that a client asks, AUTH and SCRAM included.

        Raises BackendProblem.
        """

    async def agree(self, world: str, stores: Sequence[DataStore]) -> None:
        """Let a world have these stores and no others: the data of what is gone goes with it.

        What runs has taken on changed credentials and settings when this returns; nothing is started. Raises
        BackendProblem.
        """

    def forget(self, world: str) -> None:
        """Know nothing any more of a world that was let have no stores, and from which nobody will come again."""

    async def keep(self, worlds: Sequence[str]) -> None:
        """Let the data of all other worlds go."""

    async def close(self) -> None:
        """End what runs; data stays where it can."""
