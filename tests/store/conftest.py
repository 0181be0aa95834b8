"""One database with the schema for each backend and run: tests make sandboxes of their own, or roll back."""

from collections.abc import Iterator

import pytest
from kagemusha.store.engine import connect, writing
from kagemusha.store.migrate import ensure_schema
from sqlalchemy import Connection, Engine


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """An engine over a database of the test's own, with the schema."""
    made = connect(database)
    ensure_schema(made)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def shared_engine(shared_database: str) -> Iterator[Engine]:
    """An engine over a database with the schema that a module's tests share."""
    made = connect(shared_database)
    ensure_schema(made)
    yield made
    made.dispose()


@pytest.fixture
def connection(shared_engine: Engine) -> Iterator[Connection]:
    """A transaction over the shared database that leaves nothing behind."""
    with writing(shared_engine) as made, made.begin() as transaction:
        yield made
        transaction.rollback()
