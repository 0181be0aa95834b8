"""The data plane, as services and APIs see it."""

from collections.abc import Mapping
from typing import Any, Protocol

from kagemusha.store.records import Sandbox


class DataPlane(Protocol):
    """Who keeps the doors of all worlds."""

    def spelled(self, sandbox_id: int, url: str, *, live: bool) -> str:
        """A data store's URL as clients are to have it: with the place of its door, or as it is (``--endpoint-host``).

        `live` says that the door is there; else its place is told only where it is known.
        """

    def address(self, sandbox_id: int, host: str, port: int) -> str:
        """The address of this machine at which the door is, or will be, found."""

    async def agree(self, sandbox_id: int) -> None:
        """Let the doors be as the world wants them now. Called when it may have changed; never raises."""

    def report(self, sandbox_id: int) -> Mapping[str, Any]:
        """The doors of a world, and what came through them: the control API's document."""

    async def authority(self, sandbox: Sandbox) -> str:
        """The certificate, in PEM, of the authority that the doors of a world have theirs from."""
