"""A server whose emulator the test chooses, and boto3 in front of it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import pytest
import uvicorn
from kagemusha.api.aws import emulator
from kagemusha.main import create_app
from kagemusha.settings import Settings

Answering = Callable[..., AbstractContextManager[str]]


@contextmanager
def _answering(upstream: str | None) -> Iterator[str]:
    """A server in a thread of this process, with `upstream` behind it; its address."""
    app = create_app(Settings(ephemeral=True, clock="manual", aws_upstream=upstream))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answering:
    """Starts a server with an upstream (None: the embedded one) that may take so many seconds to answer."""

    def start(upstream: str | None, patience: float) -> AbstractContextManager[str]:
        monkeypatch.setattr(emulator, "Upstream", partial(emulator.Upstream, timeout=patience))
        return _answering(upstream)

    return start
