"""Servers whose machine's clock the tests move."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from kagemusha.main import create_app
from kagemusha.settings import Settings
from scripts import MachineClock


@pytest.fixture
def clocked(database: str) -> Iterator[TestClient]:
    """A client of a fresh server without a scheduler of its own; `machine_clock` is the clock it goes by."""
    clock = MachineClock()
    app = create_app(Settings(database=database, ticks=False), clock)
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        client.machine_clock = clock  # type: ignore[attr-defined]
        yield client
