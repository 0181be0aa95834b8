"""`kagemusha sandbox` and `clock` against a live server, `db` on files, and what all commands have in common."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from answering import Answering
from commands import Run
from kagemusha import __version__
from kagemusha.cli import app

COMMANDS = {
    "serve", "env", "demo", "sandbox", "sandbox create", "sandbox list", "sandbox delete", "sandbox reset", "clock",
    "clock show", "clock advance", "clock freeze", "clock run", "db", "db upgrade", "db check", "scenario",
    "scenario check", "scenario schema", "hosts", "ca",
}  # fmt: skip
SPACE = {"name": "harbor", "team": "kagemusha", "region": "virginia"}


def commands(group: Any, name: str = "") -> Iterator[str]:
    """The names of all commands under a group."""
    for each, command in group.commands.items():
        yield f"{name}{each}"
        if hasattr(command, "commands"):
            yield from commands(command, f"{name}{each} ")


def test_the_commands_are_these() -> None:
    """No command is missing from the tests of all commands."""
    assert set(commands(typer.main.get_command(app))) == COMMANDS


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(run: Run, command: str) -> None:
    """`--help` shows how the command is typed."""
    said = run(*command.split(), "--help")
    assert said.code == 0
    assert f"kagemusha {command}" in said.out.partition("Example: ")[2]


def test_no_command_is_a_question_for_help(run: Run) -> None:
    """`kagemusha` alone explains itself, and `--version` is one line."""
    assert "serve" in run().out
    assert run("--version").out == f"kagemusha {__version__}\n"


def test_a_sandbox_is_made_listed_emptied_and_deleted(run: Run, live: str) -> None:
    """What `sandbox create` makes is listed and can be reset and deleted by its name."""
    asked = ("--seed", "7", "--clock", "manual", "--now", "2030-01-01T00:00:00Z", "--aws-account-id", "111122223333")
    made = json.loads(run("sandbox", "create", "of-commands", *asked, "--url", live, "--json").out)
    assert (made["name"], made["seed"], made["aws"]["account_id"]) == ("of-commands", 7, "111122223333")
    assert made["clock"]["now"] == "2030-01-01T00:00:00.000Z"
    assert "of-commands" in {each["name"] for each in json.loads(run("sandbox", "list", "--url", live, "--json").out)}
    rows = [line.split() for line in run("sandbox", "list", "--url", live).out.splitlines()]
    assert ["of-commands", "7", "manual", "1.0", "2030-01-01T00:00:00.000Z", "-"] in rows
    run("clock", "advance", "60", "--sandbox", "of-commands", "--url", live)
    reset = run("sandbox", "reset", "of-commands", "--url", live)
    assert "2030-01-01T00:00:00.000Z" in reset.out
    assert made["heroku_api_key"] in reset.out
    assert run("sandbox", "delete", "of-commands", "--url", live).out == "Deleted the sandbox of-commands.\n"
    gone = run("sandbox", "delete", "of-commands", "--url", live)
    assert (gone.code, gone.err.count("\n")) == (1, 1)
    assert "There is no sandbox named of-commands" in gone.err


def test_a_name_is_made_up(run: Run, live: str) -> None:
    """Without a name the sandbox gets one, and the answer says how to use it."""
    said = run("sandbox", "create", "--url", live)
    name = said.out.splitlines()[0].split()[-1]
    assert f'eval "$(kagemusha env --sandbox {name})"' in said.out
    assert run("sandbox", "delete", name, "--url", live).code == 0


def test_a_clock_is_shown_moved_frozen_and_run(run: Run, live: str) -> None:
    """The clock moves by seconds, by a duration, to a moment and to what is due, and runs or stands as told."""
    import httpx

    asked = ("--clock", "manual", "--now", "2030-01-01T00:00:00Z")
    made = json.loads(run("sandbox", "create", "of-clocks", *asked, "--url", live, "--json").out)
    here = ("--sandbox", "of-clocks", "--url", live)

    def now(*moved: str) -> str:
        found: str = json.loads(run("clock", "advance", *moved, *here, "--json").out)["now"]
        return found[11:19]

    assert now("90.5") == "00:01:30"
    assert now("PT10M") == "00:11:30"
    assert now("--to", "2030-01-01T01:00:00Z") == "01:00:00"
    headers = {"Authorization": f"Bearer {made['heroku_api_key']}", "Accept": "application/vnd.heroku+json; version=3"}
    httpx.post(f"{live}/spaces", json=SPACE, headers=headers).raise_for_status()
    assert "pace 1" in run("clock", "show", *here).out
    due = json.loads(run("clock", "show", *here, "--json").out)["next_due_at"]
    said = run("clock", "advance", "--until", "next", *here).out
    assert f"{due}  space harbor: allocating → allocated" in said
    assert f"It is {due}: 1 transitions." in said
    assert "Next due: nothing." in run("clock", "show", *here).out
    assert "the clock runs (auto, pace 5)" in run("clock", "run", "--pace", "5", *here).out
    assert json.loads(run("clock", "freeze", *here, "--json").out)["mode"] == "manual"
    assert "is frozen" in run("clock", "freeze", *here).out


@pytest.mark.parametrize(
    "moved", [(), ("60", "--until", "next"), ("soon",), ("nan",), ("--to", "1999-01-01T00:00:00Z")]
)
def test_a_move_that_cannot_be_is_refused(run: Run, live: str, moved: tuple[str, ...]) -> None:
    """No move, two of them, none that can be read, and one back in time are one line each."""
    said = run("clock", "advance", *moved, "--url", live)
    assert said.code != 0
    assert said.out == ""
    assert said.err.count("\n") == 1, said.err


def test_a_database_is_checked_and_upgraded(run: Run, tmp_path: Path) -> None:
    """`db check` makes nothing and exits with 1 until `db upgrade` has brought the newest schema."""
    path = tmp_path / "world.db"
    here = ("--database", f"sqlite:///{path}")
    missing = run("db", "check", *here)
    assert (missing.code, missing.err.count("\n"), path.exists()) == (1, 1, False)
    assert "kagemusha db upgrade" in missing.err
    assert json.loads(run("db", "upgrade", *here, "--json").out) == json.loads(run("db", "check", *here, "--json").out)
    assert run("db", "check", *here).code == 0
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    for newer in (run("db", "check", *here), run("db", "upgrade", *here)):
        assert (newer.code, newer.err.count("\n")) == (1, 1)
        assert "upgrade kagemusha" in newer.err


def test_a_database_is_that_of_the_environment(run: Run, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `--database` it is that of KAGEMUSHA_DATABASE, SQLite's or PostgreSQL's."""
    monkeypatch.setenv("KAGEMUSHA_DATABASE", database)
    assert run("db", "check").code == 1
    assert run("db", "upgrade").code == 0
    assert run("db", "check").code == 0


def test_names_are_encoded(run: Run, answering: Answering) -> None:
    """A name reaches the server as it was typed, whatever it holds."""
    answering.say("", 204)
    run("sandbox", "delete", "a/b c?d#é", "--url", answering.url)
    assert answering.asked == ["DELETE /_sim/sandboxes/a%2Fb%20c%3Fd%23%C3%A9"]


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, "<!doctype html>"), (200, "{}"), (200, "[1]"), (404, '{"detail":"Not Found"}'), (302, ""), (500, "oops")],
)
@pytest.mark.parametrize("command", ["env", "sandbox list", "clock show", "clock advance 1", "demo"])
def test_a_stranger_is_named(run: Run, answering: Answering, command: str, status: int, body: str) -> None:
    """A server that is not kagemusha is one line, whatever it answers; the shell that evaluates `env` fails."""
    answering.say(body, status)
    said = run(*command.split(), "--url", answering.url)
    assert (said.code, said.out, said.err.count("\n")) == (1, "false\n" if command == "env" else "", 1)
    assert "is not kagemusha" in said.err


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1:8765", "ftp://127.0.0.1", "http://[", ""])
def test_nobody_is_named(run: Run, url: str) -> None:
    """An address at which nobody answers, or that is none, is one line that says what to do."""
    said = run("sandbox", "list", "--url", url)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert "--url" in said.err


def test_serving_needs_only_what_serves() -> None:
    """Starting a server waits for no rich, HTTP client or AWS, and, once the schema is there, no Alembic.

    Nor for what the first look, the first request for a room, or a database that this is not, need.
    """
    import sys

    script = """
import sys, kagemusha.cli.serve, kagemusha.cli.serving, kagemusha.main, kagemusha.settings
kagemusha.main.create_app(kagemusha.settings.Settings(ephemeral=True))
print(*sys.modules)
"""
    loaded = set(subprocess.check_output([sys.executable, "-c", script], text=True).split())
    unneeded = {
        "rich", "httpx", "alembic", "moto", "botocore", "apscheduler", "psycopg", "sqlalchemy.dialects.postgresql",
        "kagemusha.api.aws.room", "kagemusha.api.sim", "kagemusha.api.heroku_data", "kagemusha.api.heroku_platform",
    }  # fmt: skip
    assert loaded & unneeded == set()
