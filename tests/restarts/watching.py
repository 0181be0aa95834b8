"""Whether a server is in the middle of a change, told by its database without disturbing it."""

import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

_WRITE_LOCK = 120
"""The byte of a SQLite file's -shm that whoever writes holds (sqlite.org/walformat.html)."""
_FLOCK = "hhqqi"
"""The structure that fcntl tells of locks, on Linux."""
_WRITING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kagemusha' AND backend_xid IS NOT NULL"


@contextmanager
def watching(database: str) -> Iterator[Callable[[], bool]]:
    """A function that tells whether something is being written to the database at this moment."""
    if not database.startswith("sqlite:///"):
        with psycopg.connect(database, autocommit=True) as connection:
            yield lambda: connection.execute(_WRITING).fetchone() != (0,)
        return
    # No connection of SQLite's: one that is open when the server is killed would keep its log from being recovered.
    shared = os.open(f"{database.removeprefix('sqlite:///')}-shm", os.O_RDONLY)
    wanted = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, _WRITE_LOCK, 1, 0)
    try:
        yield lambda: struct.unpack(_FLOCK, fcntl.fcntl(shared, fcntl.F_GETLK, wanted))[0] != fcntl.F_UNLCK
    finally:
        os.close(shared)
