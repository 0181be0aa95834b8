"""Postgres add-ons' data in clusters of their worlds: who gets in, and what becomes of it."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from kagemusha.dataplane.backend import BackendProblem
from postgres_doors import Connection, Doors, count, fill, rotated, store, wait_until_it_waits, wheel
from sqlalchemy import create_engine, text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the module's clusters are, which share a template."""
    return tmp_path_factory.mktemp("postgres") / "data"


@pytest.fixture
def doors(folder: Path) -> Iterator[Doors]:
    """A backend over it."""
    with wheel(folder) as made:
        yield made


def refusal(doors: Doors, *arguments: object, **other: str) -> str:
    """What a client is told that is not let in."""
    with pytest.raises(psycopg.OperationalError) as refused:
        doors.connect(*arguments, **other)  # type: ignore[arg-type]
    return str(refused.value)


def test_rows_are_there_after_rotation_and_restart(folder: Path) -> None:
    """What psycopg wrote SQLAlchemy reads, by other credentials and from another server."""
    found = store("rows")
    with wheel(folder) as doors:
        with doors.connect(found) as connection:
            fill(connection)
        changed = rotated(found)
        doors.agree(changed)
        with doors.connect(changed) as connection:
            assert count(connection) == 1_000
            assert connection.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'rows'").fetchone() == (
                changed.user,
            )
    with wheel(folder) as doors:
        engine = create_engine(doors.url(changed).replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as session:
            assert session.execute(text("SELECT count(*), max(said) FROM rows")).one() == (1_000, "row 999")
        engine.dispose()


def test_a_rotation_while_nothing_runs_is_known_when_it_runs(folder: Path) -> None:
    """Credentials that changed while no cluster was running are the only ones that are taken then."""
    found = store("asleep")
    with wheel(folder) as doors, doors.connect(found) as connection:
        fill(connection, 3)
    changed = rotated(found)
    with wheel(folder) as doors:
        doors.agree(changed)
        assert "password authentication failed" in refusal(doors, found)
        with doors.connect(changed) as connection:
            assert count(connection) == 3


def test_old_credentials_are_refused_and_cut_off(doors: Doors) -> None:
    """When a rotation returns, the old credentials open nothing, and who came by them is gone."""
    found = store("rotation")
    with doors.connect(found) as connection:
        doors.agree(rotated(found))
        assert f'password authentication failed for user "{found.user}"' in refusal(doors, found)
        with pytest.raises(psycopg.errors.AdminShutdown):
            connection.execute("SELECT 1")


def test_wrong_credentials_get_postgresqls_own_errors(doors: Doors) -> None:
    """A wrong or no password, an unknown role, another add-on's database and the server's own are all refused."""
    found, other = store("errors"), store("errors", 2)
    doors.connect(found).close()
    doors.connect(other).close()
    failed = f'password authentication failed for user "{found.user}"'
    assert failed in refusal(doors, found, password="p" + "0" * 64)
    assert "no password supplied" in refusal(doors, found, password="")
    assert "password authentication failed" in refusal(doors, found, user="postgres")
    for database in (other.database, "postgres", "template1"):
        assert f'permission denied for database "{database}"' in refusal(doors, found, database=database)
    assert 'database "nowhere" does not exist' in refusal(doors, found, database="nowhere")


def test_worlds_of_one_seed_share_names_and_nothing_else(doors: Doors) -> None:
    """Two worlds have the same role and database, and neither sees the other's rows."""
    first, second = store("one"), store("another")
    assert (first.user, first.database) == (second.user, second.database)
    with doors.connect(first) as connection:
        fill(connection, 5)
    with doors.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('rows')").fetchone() == (None,)


def test_the_role_of_another_world_is_unknown(doors: Doors) -> None:
    """Credentials of a world with another seed open nothing."""
    found, other = store("home"), store("elsewhere", seed=8)
    doors.connect(other).close()
    assert f'password authentication failed for user "{other.user}"' in refusal(
        doors, found, user=other.user, password=other.password
    )


def test_a_role_is_nobody_but_the_owner_of_its_database(doors: Doors) -> None:
    """A store's user makes schemas and tables, and no roles, databases or files."""
    found = store("rights")
    with doors.connect(found) as connection:
        connection.execute("CREATE SCHEMA mine")
        connection.execute("CREATE TEMPORARY TABLE passing (number integer)")
        for statement in ("CREATE ROLE more", "CREATE DATABASE more", "COPY pg_class TO '/tmp/more'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)  # type: ignore[call-overload]
        assert connection.execute("SELECT current_setting('is_superuser')").fetchone() == ("off",)


def test_a_dropped_store_takes_its_data_with_it(doors: Doors) -> None:
    """The database and role of an add-on that went are gone, also where it made its database hard to drop."""
    kept, dropped = store("drop"), store("drop", 2)
    doors.agree(kept, dropped)
    doors.connect(kept).close()
    with doors.connect(dropped) as connection:
        fill(connection, 3)
        connection.execute(f'ALTER DATABASE "{dropped.database}" IS_TEMPLATE true')  # type: ignore[call-overload]
        doors.agree(kept)
    assert f'database "{dropped.database}" does not exist' in refusal(doors, kept, database=dropped.database)
    assert "password authentication failed" in refusal(doors, kept, user=dropped.user, password=dropped.password)
    with pytest.raises(BackendProblem, match="is gone"):
        doors.run(doors.backend.connect(dropped, lambda: None))  # type: ignore[arg-type,return-value]
    doors.agree(kept, dropped)
    with doors.connect(dropped) as connection:
        assert connection.execute("SELECT to_regclass('rows')").fetchone() == (None,)


def test_a_store_dropped_while_nothing_runs_is_gone_when_it_runs(folder: Path) -> None:
    """What went while no cluster was running is dropped when the cluster starts."""
    kept, dropped = store("late"), store("late", 2)
    with wheel(folder) as doors:
        doors.connect(kept).close()
        doors.connect(dropped).close()
    with wheel(folder) as doors:
        doors.agree(kept)
        assert f'database "{dropped.database}" does not exist' in refusal(doors, kept, database=dropped.database)


def test_a_world_without_stores_has_no_cluster(doors: Doors, folder: Path) -> None:
    """With a world's last store its folder goes, whether it ran or not."""
    found = store("last")
    doors.connect(found).close()
    assert (folder / "postgres" / found.world).is_dir()
    doors.empty(found)
    assert not (folder / "postgres" / found.world).exists()


def test_other_worlds_are_let_go(folder: Path) -> None:
    """`keep` leaves the named worlds and other folders alone, and removes other worlds, those of earlier runs too."""
    kept, running, earlier = (store(name) for name in ("kept", "running", "earlier"))
    (theirs := folder / "redis" / "world").mkdir(parents=True)
    with wheel(folder) as doors:
        doors.connect(earlier).close()
    with wheel(folder) as doors, doors.connect(kept) as connection, doors.connect(running):
        fill(connection, 2)
        doors.run(doors.backend.keep([kept.world]))
        left = [(folder / "postgres" / each.world).exists() for each in (kept, running, earlier)]
        assert left == [True, False, False]
        assert count(connection) == 2
    assert theirs.is_dir()


def test_copy_notify_and_cancel_pass(doors: Doors) -> None:
    """COPY both ways, LISTEN and NOTIFY, and a request to cancel work as on any PostgreSQL."""
    found = store("protocol")
    with doors.connect(found) as connection, doors.connect(found) as other, connection.cursor() as cursor:
        connection.execute("CREATE TABLE rows (number integer)")
        with cursor.copy("COPY rows FROM STDIN") as copied:
            copied.write("\n".join(map(str, range(100_000))))
        with cursor.copy("COPY rows TO STDOUT") as copied:
            assert b"".join(map(bytes, copied)).count(b"\n") == 100_000
        connection.execute("LISTEN news")
        other.execute("NOTIFY news, 'arrived'")
        assert [each.payload for each in connection.notifies(timeout=30, stop_after=1)] == ["arrived"]
        other.execute("SELECT pg_advisory_lock(1)")
        waiting = doors.begin(_cancel(connection, other))
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_advisory_lock(1)")
        waiting.result(30)


async def _cancel(victim: Connection, other: Connection) -> None:
    def cancel() -> None:
        wait_until_it_waits(victim, other)
        victim.cancel_safe(timeout=30)

    await asyncio.to_thread(cancel)


def test_first_connections_at_once_start_one_cluster(doors: Doors) -> None:
    """Of many that come first, all are let in."""
    found, let_in = store("crowd"), []
    url = doors.url(found)

    def enter() -> None:
        with psycopg.connect(url, connect_timeout=30) as connection:
            let_in.append(connection.execute("SELECT current_user").fetchone())

    threads = [threading.Thread(target=enter) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert let_in == [(found.user,)] * 20
