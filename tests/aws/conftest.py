"""One server for all that only needs sandboxes of its own."""

from collections.abc import Iterator

import httpx
import pytest
from account import Account
from live import Server, serving


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A server."""
    with serving("--ephemeral") as found:
        yield found


@pytest.fixture(scope="session")
def http(server: Server) -> Iterator[httpx.Client]:
    """A client of it, for what is neither boto3's nor Heroku's."""
    with server.client() as found:
        yield found


@pytest.fixture
def account(http: httpx.Client) -> Iterator[Account]:
    """The account of a new sandbox with seed 7, on a clock that the test moves."""
    made = Account.make(http, None)
    yield made
    http.delete(f"/_sim/sandboxes/{made.name}")


@pytest.fixture
def another(http: httpx.Client) -> Iterator[Account]:
    """One more."""
    made = Account.make(http, None)
    yield made
    http.delete(f"/_sim/sandboxes/{made.name}")
