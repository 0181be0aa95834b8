"""A gate that many threads pass at once, and that can be closed to look at what they did."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """What many pass at once, and what can be closed when nobody is in it."""

    def __init__(self) -> None:
        """Open."""
        self._changed = threading.Condition()
        self._inside = 0
        self._is_closed = False

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Be inside, once it is open."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_closed)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Let nobody be inside."""
        with self._changed:
            self._is_closed = True
            self._changed.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            with self._changed:
                self._is_closed = False
                self._changed.notify_all()
