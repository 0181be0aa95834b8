"""Empty databases of either kind, for tests whose worlds live in one."""

import secrets
from pathlib import Path

import pytest

KINDS = ["sqlite", "postgresql"]


def empty(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: a file in `folder`, or a database of the run's own PostgreSQL."""
    if kind == "sqlite":
        return f"sqlite:///{folder}/world.db"
    import psycopg

    base: str = request.getfixturevalue("postgresql")
    name = f"world_{secrets.token_hex(6)}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return base.replace("/postgres?", f"/{name}?", 1)
