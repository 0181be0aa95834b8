"""One process that answers requests: uvicorn, which says when it does and ends without a word."""

import asyncio
import logging
import os
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from kagemusha.certificates import server_file
from kagemusha.cli import aws_profile
from kagemusha.connections import CLOSE, Connection
from kagemusha.main import create_app
from kagemusha.settings import Settings

GRACE = 1
"""Seconds that requests have to end by themselves."""
LAST = 1.5
"""Seconds after which a process ends whatever it does."""


class HangingUp:
    """Hangs up on who is still waiting when the server ends: uvicorn would call it an error of the server's."""

    def __init__(self, app: ASGIApp) -> None:
        """Around `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, unless the server ends before."""
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            scope["extensions"][CLOSE]()
            while (await receive())["type"] != "http.disconnect":
                pass
            raise


class Lifeline(Protocol):
    """What becomes readable when the process that this one lives for is gone."""

    def fileno(self) -> int:
        """The file descriptor."""


class Server(uvicorn.Server):
    """uvicorn's server; calls `ready` when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], signals: Collection[signal.Signals]) -> None:
        """`signals` end it. Starts nothing yet."""
        super().__init__(config)
        self._ready = ready
        self._signals = signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End when told, which is no failure: unlike uvicorn, don't raise the signal again afterwards.

        A thread waits for signals: a handler would not run while the loop is held by a transaction that waits.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
        threading.Thread(target=self._end_when_told, daemon=True).start()
        yield

    def _end_when_told(self) -> None:
        signal.sigwait(self._signals)
        self.end()

    def end(self) -> None:
        """Let requests come to their end, but not for long; the database undoes what is cut short."""
        if self.should_exit:
            return
        self.should_exit = True
        # What is cut short now, an import in a thread too, is no error of anybody's.
        logging.disable()
        warnings.simplefilter("ignore")
        last = threading.Timer(LAST, os._exit, [0])
        last.daemon = True
        last.start()


def answer(
    settings: Settings, listener: socket.socket, ready: Callable[[], None], lifeline: Lifeline | None = None
) -> None:
    """Answer requests until SIGTERM, Ctrl-C, or the end of `lifeline`. Raises StartProblem if it can't start."""
    aws_profile.set_aside()
    app = create_app(settings)
    certificate = server_file(settings.certificates_folder, settings.host) if settings.tls else None
    patient = HangingUp(app)
    config = uvicorn.Config(patient, http=Connection, lifespan="off", ws="none", log_level="warning", access_log=False,
                            server_header=False, timeout_graceful_shutdown=GRACE, ssl_certfile=certificate)  # fmt: skip
    # Ctrl-C is for the process that looks after this one, if there is one.
    signals = {signal.SIGTERM} if lifeline else {signal.SIGTERM, signal.SIGINT}
    server = Server(config, ready, signals)

    async def run() -> None:
        if settings.data_plane:
            from concurrent.futures import ThreadPoolExecutor

            # Its threads begin before the signals are waited for: a signal must not find one that lets it through.
            threads = ThreadPoolExecutor(initializer=signal.pthread_sigmask, initargs=(signal.SIG_BLOCK, signals))
            asyncio.get_running_loop().set_default_executor(threads)
        # Entered here and not by uvicorn, which would log what goes wrong and keep it to itself.
        async with app.router.lifespan_context(app):
            if lifeline is not None:
                asyncio.get_running_loop().add_reader(lifeline.fileno(), server.end)
            await server.serve(sockets=[listener])

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(run())
