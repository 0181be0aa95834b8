"""Commits whose answer is lost: the database goes away with it, and has kept what was committed, or has not."""

import sqlite3
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine


def lose_commit(patch: pytest.MonkeyPatch, engine: Engine, number: int, *, kept: bool, lasting: bool = False) -> None:
    """Lose the commit that comes behind `number` others, and with `lasting` all that follow. Readers commit, too."""
    do_commit = engine.dialect.do_commit
    commits = 0

    def commit(connection: Any) -> None:
        nonlocal commits
        commits += 1
        if commits <= number or (commits > number + 1 and not lasting):
            do_commit(connection)
            return
        if kept:
            do_commit(connection)
        _cut(engine, connection)
        connection.execute("COMMIT")

    patch.setattr(engine.dialect, "do_commit", commit)


def _cut(engine: Engine, connection: Any) -> None:
    """Let the database be gone for this connection, and undo what it has not kept."""
    if engine.dialect.name == "sqlite":
        connection.rollback()
        raise sqlite3.OperationalError("disk I/O error")
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.driver_connection.info.backend_pid])
