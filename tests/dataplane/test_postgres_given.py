"""Postgres add-ons' data in a PostgreSQL that is given: beside what is there, and gone with the add-on."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from kagemusha.dataplane.backend import BackendProblem
from kagemusha.dataplane.postgres import of_server
from postgres_doors import Doors, count, doors, fill, rotated, store
from psycopg.conninfo import make_conninfo

NAMES = """
    SELECT rolname FROM pg_roles WHERE rolname ~ '^u[a-z0-9]{14}$'
    UNION SELECT datname FROM pg_database WHERE datname ~ '^d[a-z0-9]{14}$'
"""


@pytest.fixture
def server(postgresql: str) -> Iterator[psycopg.Connection[tuple[str]]]:
    """A session of the superuser; what the test leaves is gone afterwards."""
    with psycopg.connect(postgresql, autocommit=True) as connection:
        yield connection
        for (name,) in connection.execute(NAMES + "ORDER BY 1").fetchall():
            kind = "DATABASE" if name.startswith("d") else "ROLE"
            connection.execute(f'DROP {kind} "{name}"')  # type: ignore[call-overload]


@pytest.fixture(params=["superuser", "creator"])
def url(request: pytest.FixtureRequest, postgresql: str, server: psycopg.Connection[tuple[str]]) -> Iterator[str]:
    """Its URL, of a superuser and of a role that may make roles and databases."""
    if request.param == "superuser":
        yield postgresql
        return
    server.execute("CREATE ROLE creator LOGIN CREATEDB CREATEROLE")
    yield make_conninfo(postgresql, user="creator")
    for (name,) in server.execute(NAMES + "ORDER BY 1").fetchall():
        kind = "DATABASE" if name.startswith("d") else "ROLE"
        server.execute(f'DROP {kind} "{name}"')  # type: ignore[call-overload]
    server.execute("DROP ROLE creator")


@pytest.fixture
def given(url: str, tmp_path: Path) -> Iterator[Doors]:
    """A backend over it."""
    with doors(of_server(url, tmp_path / "mine")) as made:
        yield made


def names(server: psycopg.Connection[tuple[str]]) -> set[str]:
    """The roles and databases there that look like an add-on's."""
    return {name for (name,) in server.execute(NAMES).fetchall()}


def test_rows_are_there_after_rotation_and_restart(
    given: Doors, url: str, tmp_path: Path, server: psycopg.Connection[tuple[str]]
) -> None:
    """A store's role and database have its names, and its rows are read by other credentials and another server."""
    found, changed = store("given"), rotated(store("given"))
    with given.connect(found) as connection:
        assert connection.execute("SELECT current_user, current_database()").fetchone() == (found.user, found.database)
        fill(connection)
        given.agree(changed)
    assert names(server) == {changed.user, changed.database}
    with doors(of_server(url, tmp_path / "mine")) as again, again.connect(changed) as connection:
        assert count(connection) == 1_000


def test_what_goes_is_dropped(given: Doors, server: psycopg.Connection[tuple[str]]) -> None:
    """The database and role of an add-on that went are dropped, those of its world with the last one."""
    kept, dropped = store("given"), store("given", 2)
    given.agree(kept, dropped)
    with given.connect(kept), given.connect(dropped):
        given.agree(kept)
        assert names(server) == {kept.user, kept.database}
        given.empty(kept)
        assert names(server) == set()


def test_other_worlds_are_let_go_and_other_servers_are_not(
    given: Doors, url: str, tmp_path: Path, server: psycopg.Connection[tuple[str]]
) -> None:
    """`keep` drops what this server made for worlds that are gone, and nothing that another one made."""
    found, theirs = store("given"), store("theirs", seed=8)
    with doors(of_server(url, tmp_path / "theirs")) as others:
        others.connect(theirs).close()
    given.connect(found).close()
    with doors(of_server(url, tmp_path / "mine")) as again:
        again.run(again.backend.keep([]))
    assert names(server) == {theirs.user, theirs.database}


@pytest.mark.parametrize("kind", ["ROLE", "DATABASE"])
def test_what_is_somebody_elses_is_left_alone(given: Doors, server: psycopg.Connection[tuple[str]], kind: str) -> None:
    """A role or database with a store's name that this server did not make is refused by name, and stays."""
    found = store("given")
    name = found.user if kind == "ROLE" else found.database
    server.execute(f'CREATE {kind} "{name}"')  # type: ignore[call-overload]
    with pytest.raises(BackendProblem, match=f"{kind.lower()} {name} that is not this server's"):
        given.run(given.backend.connect(found, lambda: None))  # type: ignore[arg-type,return-value]
    given.empty(found)
    assert names(server) == {name}


def test_a_second_world_of_one_seed_is_refused(given: Doors, server: psycopg.Connection[tuple[str]]) -> None:
    """Two worlds whose names are the same can't share a given server: the second one is told."""
    first, second = store("given"), store("second")
    given.connect(first).close()
    with pytest.raises(BackendProblem, match="another seed"):
        given.run(given.backend.connect(second, lambda: None))  # type: ignore[arg-type,return-value]
    assert names(server) == {first.user, first.database}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("postgresql://127.0.0.1:1/postgres", "can't be used"),
        ("nonsense", "can't be read"),
    ],
)
def test_a_server_that_is_not_there_is_named(tmp_path: Path, bad: str, said: str) -> None:
    """A URL that can't be read, or where nobody answers, is a problem that says so and shows no password."""
    with pytest.raises(BackendProblem, match=said), doors(of_server(bad, tmp_path)) as nowhere:
        nowhere.run(nowhere.backend.keep([]))


def test_a_role_that_may_make_nothing_is_told(
    postgresql: str, server: psycopg.Connection[tuple[str]], tmp_path: Path
) -> None:
    """The URL of a role that may make no roles is refused, with what it takes."""
    server.execute("CREATE ROLE powerless LOGIN")
    try:
        url = make_conninfo(postgresql, user="powerless")
        with doors(of_server(url, tmp_path)) as made, pytest.raises(BackendProblem, match="CREATEDB and CREATEROLE"):
            made.run(made.backend.connect(store("given"), lambda: None))  # type: ignore[arg-type,return-value]
    finally:
        server.execute("DROP ROLE powerless")
