"""Where doors are found on this machine: an address of their own in 127.0.0.0/8 with the real port, where it has that.

The address follows from the door's name, so that it is the same after a restart; the next one is tried where it is
taken. A system without these addresses, or whose port others have on all of them, gives a port on 127.0.0.1 instead.
"""

import errno
import socket
from collections.abc import Collection, Iterator
from hashlib import blake2b
from typing import NamedTuple

ATTEMPTS = 16
"""Names that may want one address, and programs that may have it, before the port itself is taken to be."""
LOOPBACK = "127.0.0.1"
_FIRST_PORT, _PORTS = 20_000, 12_000
"""Below the ports that systems give to connections going out."""
_BACKLOG = 1_024


class Place(NamedTuple):
    """An address and a port of this machine."""

    address: str
    port: int


class Name(NamedTuple):
    """A door, among those of all worlds."""

    sandbox_id: int
    host: str
    port: int


class Places:
    """The places of doors. One is kept for a door from the first mention of it until `keep` says that it is gone."""

    def __init__(self) -> None:
        """None is taken yet."""
        self._places: dict[Name, Place] = {}
        self._taken: dict[Place, Name] = {}

    def of(self, name: Name) -> Place:
        """Where the door is, or will be."""
        if name not in self._places:
            self._give(name)
        return self._places[name]

    def known(self, name: Name) -> Place | None:
        """Where the door is, if it was mentioned."""
        return self._places.get(name)

    def listen(self, name: Name) -> socket.socket:
        """A socket that listens at the door's place; at another one, if somebody has taken that meanwhile."""
        while True:
            place = self.of(name)
            listener = _bound(place)
            if listener is not None:
                try:
                    listener.listen(_BACKLOG)
                except OSError as error:
                    listener.close()
                    if error.errno != errno.EADDRINUSE:
                        raise
                else:
                    return listener
            # It stays taken, so that another one is found.
            del self._places[name]

    def keep(self, sandbox_id: int, names: Collection[Name]) -> None:
        """Forget the places of all other doors of the world."""
        for place, name in list(self._taken.items()):
            if name.sandbox_id == sandbox_id and name not in names:
                del self._taken[place]
                self._places.pop(name, None)

    def _give(self, name: Name) -> None:
        for place in _candidates(name):
            if place in self._taken:
                continue
            tried = _bound(place)
            if tried is None:
                continue
            given = Place(place.address, tried.getsockname()[1])
            tried.close()
            self._places[name] = given
            self._taken[given] = name
            return


def _candidates(name: Name) -> Iterator[Place]:
    """Places for a door, the best first; the last is any free port."""
    for attempt in range(ATTEMPTS):
        digest = blake2b(f"{name.host}/{attempt}".encode(), digest_size=3).digest()
        yield Place(f"127.{1 + digest[0] % 254}.{digest[1]}.{1 + digest[2] % 254}", name.port)
    for attempt in range(ATTEMPTS):
        digest = blake2b(f"{name.host}:{name.port}/{attempt}".encode(), digest_size=8).digest()
        yield Place(LOOPBACK, _FIRST_PORT + int.from_bytes(digest, "big") % _PORTS)
    while True:
        yield Place(LOOPBACK, 0)


def _bound(place: Place) -> socket.socket | None:
    """A socket bound to the place; None if it can't be had."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.settimeout(0)
    # Connections of an earlier run, which the system remembers for a minute, don't matter.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(place)
    except OSError:
        made.close()
        return None
    return made
