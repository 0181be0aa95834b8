"""The server is restarted, or killed, in between. It is one of these tests' own, which keeps its world in a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import World
from kagemusha.testing import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that can be stopped and started."""
    with Server(tmp_path / "world.db") as server:
        yield server


@pytest.fixture
def kagemusha_server(server: Server) -> str:
    """Where the plugin makes the sandboxes of these tests."""
    return server.url


def test_a_wait_outlives_the_server(world: World, server: Server) -> None:
    """While a link provisions the server is killed, and started again: what was pending happens when it is due."""
    ends = iter([server.kill])

    def sleep(seconds: float) -> None:
        for end in ends:
            before = world.sandbox.pending()
            end()
            server.start()
            assert world.sandbox.pending() == before
        world.sandbox.advance(seconds)

    link = world.connector(sleep=sleep).link(world.addon, world.principal)
    assert link["status"] == "Operational"
    assert list(ends) == []
