"""Startup mistakes: one clear line that says what to do, a non-zero exit, no stack trace, no secret."""

import os
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import KAGEMUSHA, PATIENCE, Run, eventually

Refused = Callable[..., str]
SECRET = "hush"
# Root may do everything, unless it gives that up.
POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()


def one_line(code: int, said: str) -> str:
    """What was said, which must be a line that shows no secret."""
    assert code != 0
    assert said.startswith("kagemusha: ")
    assert said.count("\n") == 1, said
    assert SECRET not in said
    return said


@pytest.fixture
def refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> Refused:
    """What `serve` says when it does not come to starting."""

    def never(*_: object) -> None:
        raise AssertionError("it started")

    monkeypatch.setattr("kagemusha.cli.serving.answer", never)

    def refusing(*arguments: str) -> str:
        said = run("serve", *arguments)
        assert said.out == ""
        return one_line(said.code, said.err)

    return refusing


def refuses(*arguments: str, by: tuple[str, ...] = (), **env: str) -> str:
    """What a real `serve` says when it does not start."""
    command = [*by, *KAGEMUSHA, "serve", "--port", "0", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, env=os.environ | env)
    assert done.stdout == ""
    return one_line(done.returncode, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--pace", "0"), "--pace"),
        (("--pace", "nan"), "--pace"),
        (("--clock", "sundial"), "--clock"),
        (("--auth", "none"), "--auth"),
        (("--port", "http"), "--port"),
        (("--port", "65536"), "--port"),
        (("--seed", "-1"), "--seed"),
        (("--workers", "0"), "--workers"),
        (("--host", ""), "--host"),
        (("--database", ""), "--database"),
        (("--database", "sqlite:///world.db", "--ephemeral"), "--ephemeral"),
        (("--nonsense",), "--nonsense"),
        (("now",), "now"),
    ],
)
def test_a_bad_option_is_named(refused: Refused, arguments: tuple[str, ...], named: str) -> None:
    """An option with a value that can't be, an unknown one, and two that exclude each other are named."""
    assert named in refused(*arguments)


def test_a_bad_variable_is_named(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad value from the environment is told by the variable's name, and an option outdoes it."""
    monkeypatch.setenv("KAGEMUSHA_PACE", "brisk")
    assert "KAGEMUSHA_PACE" in refused()
    assert "KAGEMUSHA_PACE" not in refused("--pace", "60", "--port", "70000")


def test_two_variables_that_exclude_each_other_are_named(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    """A world that is kept and kept nowhere is refused."""
    monkeypatch.setenv("KAGEMUSHA_EPHEMERAL", "true")
    monkeypatch.setenv("KAGEMUSHA_DATABASE", "sqlite:///world.db")
    assert "unset" in refused()


def test_an_open_bind_needs_a_token(refused: Refused) -> None:
    """A bind that others can reach is refused without the admin token."""
    assert "KAGEMUSHA_ADMIN_TOKEN" in refused("--ephemeral", "--port", "0", "--host", "0.0.0.0")


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "203.0.113.7"])
def test_a_host_that_is_not_ours_is_named(refused: Refused, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """A host that doesn't resolve, is no name, or is another machine's is named."""
    monkeypatch.setenv("KAGEMUSHA_ADMIN_TOKEN", SECRET)
    assert f"--host {host}" in refused("--ephemeral", "--port", "0", "--host", host)


def test_a_taken_port_is_named(refused: Refused) -> None:
    """A port that is taken is answered with what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "--port" in refused("--ephemeral", "--port", str(taken.getsockname()[1]))


@pytest.mark.parametrize("place", ["missing/ready", "file/ready", "folder"])
def test_a_ready_file_that_cannot_be_written_is_named(refused: Refused, tmp_path: Path, place: str) -> None:
    """A ready file in no folder, in a file, or that is a folder itself is refused before the server starts."""
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert "--ready-file" in refused("--ephemeral", "--port", "0", "--ready-file", str(tmp_path / place))


@pytest.mark.parametrize(
    "url",
    [
        SECRET,
        f"mysql://u:{SECRET}@127.0.0.1/world",
        f"postgresql://u:{SECRET}@127.0.0.1:port/world",
        f"postgresql://u:p@{SECRET}@127.0.0.1/world",
        f"postgresql://u:{SECRET}@127.0.0.1:1/world",
        f"postgresql://u:{SECRET}@127.0.0.1:1/world?password={SECRET}&nonsense=1",
        f"postgresql://u:{SECRET}@no-such-host.invalid/world",
        "sqlite://world.db",
        "sqlite:///world.db?mode=memory",
        "sqlite:////dev/null/world/world.db",
    ],
)
def test_a_database_url_that_leads_nowhere_is_named(run: Run, url: str) -> None:
    """A URL of no database, of one that does not answer, or of one that can't be made says what to correct."""
    said = run("db", "upgrade", "--database", url)
    one_line(said.code, said.err)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_unreachable_database_is_named(workers: str) -> None:
    """A PostgreSQL that does not answer is one line, however many were to use it."""
    url = f"postgresql://u:{SECRET}@127.0.0.1:1/world"
    assert "--database" in refuses("--workers", workers, KAGEMUSHA_DATABASE=url)


def test_a_wrong_password_is_named(postgresql: str, run: Run) -> None:
    """A PostgreSQL that does not let us in is one line without the password."""
    import psycopg

    with psycopg.connect(postgresql, autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'another'")
        rules = Path(connection.execute("SHOW hba_file").fetchone()[0])  # type: ignore[index]
        rules.write_text("local all guest scram-sha-256\n" + rules.read_text())
        connection.execute("SELECT pg_reload_conf()")
    wrong = postgresql.replace("://postgres:@", f"://guest:{SECRET}@")
    assert wrong != postgresql

    def kept_out() -> bool:
        try:
            psycopg.connect(wrong).close()
        except psycopg.OperationalError:
            return True
        return False

    eventually(kept_out)
    said = run("db", "upgrade", "--database", wrong)
    assert "password authentication failed" in one_line(said.code, said.err)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """A file that SQLite can't read is one line that names it."""
    path = tmp_path / "world.db"
    path.write_text("not a database, but text that is long enough to be taken for a header" * 20)
    assert str(path) in refuses("--database", f"sqlite:///{path}")


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    """A folder in the database's place is one line that names it."""
    assert str(tmp_path) in refuses("--database", f"sqlite:///{tmp_path}")


def test_a_newer_database_is_named(tmp_path: Path) -> None:
    """A schema from the future is one line that says to upgrade."""
    with sqlite3.connect(tmp_path / "world.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    connection.close()
    assert "upgrade kagemusha" in refuses("--database", f"sqlite:///{tmp_path}/world.db")


@pytest.mark.skipif(bool(POWERLESS) and shutil.which("setpriv") is None, reason="root may write everything")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_database_that_may_only_be_read_is_named(run: Run, tmp_path: Path, workers: str) -> None:
    """A file without the right to write is one line that names it, whichever process finds out."""
    path = tmp_path / "world.db"
    assert run("db", "upgrade", "--database", f"sqlite:///{path}").code == 0
    path.chmod(0o444)
    assert str(path) in refuses("--database", f"sqlite:///{path}", "--workers", workers, by=POWERLESS)
