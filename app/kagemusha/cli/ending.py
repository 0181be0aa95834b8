"""Ctrl-C and the like, heeded where nothing is half done."""

import signal


class Ending:
    """Signals that ask for the end are noted when they come, and heeded between two requests.

    An exception that a signal raises anywhere may leave a lock of an HTTP client's taken, which its end then waits for.
    """

    def __init__(self) -> None:
        """From now on."""
        self._asked: int | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def heed(self) -> None:
        """End the command if that was asked for."""
        if self._asked is not None:
            raise SystemExit(128 + self._asked)

    def _note(self, number: int, _frame: object) -> None:
        self._asked = number
