"""Startup mistakes: one clear line, a non-zero exit, no stack trace."""

import socket
import sqlite3
import subprocess
import sys
from pathlib import Path


def refused(*arguments: str) -> str:
    """What `serve` says when it does not start."""
    done = subprocess.run(
        [sys.executable, "-m", "kagemusha", "serve", *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_taken_port_is_named() -> None:
    """A port that is taken is answered with what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = refused("--ephemeral", "--port", str(taken.getsockname()[1]))
    assert said.count("\n") == 1
    assert "--port" in said


def test_an_unreachable_database_is_named() -> None:
    """A PostgreSQL that does not answer is one line."""
    said = refused("--port", "0", "--database", "postgresql://u:secret@127.0.0.1:1/world")
    assert said.count("\n") == 1
    assert "--database" in said
    assert "secret" not in said


def test_an_unknown_option_is_refused() -> None:
    """An unknown option is a usage error."""
    assert "--nonsense" in refused("--nonsense")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """A file that SQLite can't read is one line that names it."""
    path = tmp_path / "world.db"
    path.write_text("not a database, but text that is long enough to be taken for a header" * 20)
    said = refused("--port", "0", "--database", f"sqlite:///{path}")
    assert said.count("\n") == 1
    assert "world.db" in said


def test_a_newer_database_is_named(tmp_path: Path) -> None:
    """A schema from the future is one line that says to upgrade."""
    with sqlite3.connect(tmp_path / "world.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    connection.close()
    said = refused("--port", "0", "--database", f"sqlite:///{tmp_path}/world.db")
    assert said.count("\n") == 1
    assert "upgrade kagemusha" in said


def test_an_open_bind_needs_a_token() -> None:
    """A bind that others can reach is refused without the admin token."""
    assert "KAGEMUSHA_ADMIN_TOKEN" in refused("--ephemeral", "--port", "0", "--host", "0.0.0.0")
