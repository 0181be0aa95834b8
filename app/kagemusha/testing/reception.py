"""One server for a run of several workers: its controller starts it when the first worker asks where it is.

The controller listens on loopback. Whoever connects is told one JSON object, ``{"url": …}`` or ``{"problem": …}``, as
soon as it is known which.
"""

import json
import socket
import threading
from contextlib import suppress

from kagemusha.testing.server import Server, ServerProblem

_PATIENCE = 120.0
"""Seconds that a worker waits: longer than any start."""


class Reception:
    """The controller's side."""

    def __init__(self, server: Server) -> None:
        """Listen. `server` is started by the first who asks."""
        self._server = server
        self._said = b""
        self._is_closed = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        """Where workers ask."""
        self._thread = threading.Thread(target=self._answer_all, name="kagemusha", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Listen no more; a start that has begun comes to its end first."""
        self._is_closed = True
        # Wakes the thread, which may be waiting for the next to ask.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._thread.join()
        self._listener.close()

    def _answer_all(self) -> None:
        while True:
            asking, _ = self._listener.accept()
            with asking:
                if self._is_closed:
                    return
                # A worker that is gone does not need to know.
                with suppress(OSError):
                    asking.sendall(self._answer())

    def _answer(self) -> bytes:
        if not self._said:
            try:
                self._server.start()
                said = {"url": self._server.url}
            except ServerProblem as problem:
                said = {"problem": str(problem)}
            self._said = json.dumps(said).encode()
        return self._said


def ask(port: int) -> str:
    """The worker's side: the server's address. Raises ServerProblem."""
    try:
        with socket.create_connection(("127.0.0.1", port), _PATIENCE) as asking, asking.makefile("rb") as answer:
            said = json.loads(answer.read())
    except (OSError, ValueError):
        message = "The run's controller did not say where kagemusha is: give workers elsewhere a --kagemusha-url."
        raise ServerProblem(message) from None
    if "problem" in said:
        raise ServerProblem(said["problem"])
    url: str = said["url"]
    return url
