"""Engines: which URLs are taken, and what a file that can't be used is called."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest
from kagemusha.store import engine as engines
from kagemusha.store.engine import MEMORY, DatabaseProblem, connect, parse_url, reading, writing
from kagemusha.store.migrate import ensure_schema
from samples import world
from sqlalchemy import Engine, text
from sqlalchemy.exc import InternalError


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("sqlite:///world.db", "sqlite"),
        ("postgres://u:p@host:5432/world", "postgresql+psycopg"),
        ("postgresql://u:p@host/world", "postgresql+psycopg"),
        ("postgresql+psycopg://host/world", "postgresql+psycopg"),
    ],
)
def test_urls_of_both_kinds_are_taken(given: str, driver: str) -> None:
    """SQLite and PostgreSQL, the latter as Heroku spells it too."""
    assert parse_url(given).drivername == driver


@pytest.mark.parametrize("given", ["", "world.db", "mysql://host/world", "postgresql+asyncpg://host/world", "http://x"])
def test_other_urls_are_refused_with_what_to_use(given: str) -> None:
    """What is no database URL, or of another kind, is one line that names the two kinds."""
    with pytest.raises(DatabaseProblem, match=r"sqlite:///FILE or postgresql://") as raised:
        connect(given)
    assert "\n" not in str(raised.value)


def test_a_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """The folder and the file are made; the keys in it are nobody else's to read."""
    path = tmp_path / "new" / "per%cent ?and#.db"
    engine = engines._sqlite(engines.make_url(MEMORY).set(database=str(path)))
    ensure_schema(engine)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(each.name for each in path.parent.iterdir() if not each.name.endswith(("-wal", "-shm"))) == [
        path.name
    ]
    engine.dispose()


def test_a_file_that_may_not_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without write permission, or below something that is no folder, is one line that names it."""
    (tmp_path / "world.db").touch()
    for path in (tmp_path / "world.db", tmp_path / "world.db" / "other.db"):
        with monkeypatch.context() as patch:
            # The superuser may write everywhere, so that a mode would prove nothing.
            patch.setattr(os, "access", lambda *_: False)
            with pytest.raises(DatabaseProblem, match=str(path)) as raised:
                connect(f"sqlite:///{path}")
        assert "--database" in str(raised.value)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_connection_has_the_pragmas(engine: Engine) -> None:
    """Readers and writers share a write-ahead log, wait for locks and keep foreign keys."""
    with reading(engine) as one, writing(engine) as two:
        for connection in (one, two):
            found = [
                connection.execute(text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "cache_size")
            ]
            assert found == ["wal", 1, 1, 5_000, -32_768]


def test_a_new_file_that_another_process_writes_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A start waits for the change to a write-ahead log, though SQLite does not; and not for ever."""
    other = sqlite3.connect(tmp_path / "world.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    engine = connect(f"sqlite:///{tmp_path}/world.db")
    asked: list[float] = []
    monkeypatch.setattr(engines.time, "sleep", asked.append)
    with pytest.raises(DatabaseProblem, match="held by another process"):
        ensure_schema(engine)
    assert sum(asked) == pytest.approx(engines.LOCK_TIMEOUT)
    monkeypatch.setattr(engines.time, "sleep", lambda _: other.execute("COMMIT"))
    ensure_schema(engine)
    with reading(engine) as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()
    other.close()


def test_a_world_in_memory_is_one_for_readers_and_writers() -> None:
    """All connections of an ephemeral database see the same world."""
    engine = connect(MEMORY)
    ensure_schema(engine)
    with writing(engine) as connection, connection.begin():
        world(connection, "one")
    with reading(engine) as connection, connection.begin():
        assert connection.execute(text("SELECT name FROM sandboxes")).scalars().all() == ["one"]
    engine.dispose()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_postgresql_lets_a_reader_write_nothing(engine: Engine) -> None:
    """A statement that would change something is refused in a transaction that reads."""
    with reading(engine) as connection, connection.begin(), pytest.raises(InternalError, match="read-only"):
        connection.execute(text("DELETE FROM sandboxes"))


def test_a_start_that_meets_a_lock_says_so(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that another process holds is one line that says so, and does not blame the file."""
    monkeypatch.setattr(engines, "LOCK_TIMEOUT", 0.2)
    engine, other = connect(database), connect(database)
    with writing(other) as connection, connection.begin():
        if other.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7305117)"))
        with pytest.raises(DatabaseProblem, match="held by another process") as raised:
            ensure_schema(engine)
    assert "\n" not in str(raised.value)
    ensure_schema(engine)
    engine.dispose()
    other.dispose()
