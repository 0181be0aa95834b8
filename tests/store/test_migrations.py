"""The migrations: they agree with the models, can be undone, and are safe to run at once."""

import json
import multiprocessing
import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import databases
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from kagemusha.store import migrate
from kagemusha.store.engine import DatabaseProblem, alone, connect, writing
from kagemusha.store.migrate import ensure_schema, migrations_folder
from kagemusha.store.models import SCHEMA_VERSION, metadata
from racers import race
from samples import world
from sqlalchemy import Connection, Engine, text

ROOT = Path(__file__).parents[2]
_OF_SQLITE = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name NOT IN ('alembic_version', 'sqlite_sequence')"
_OF_POSTGRESQL = (
    """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, l.collname,
              pg_get_expr(d.adbin, d.adrelid)
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       LEFT JOIN pg_collation l ON l.oid = a.attcollation
       LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
       WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
         AND c.relname <> 'alembic_version'""",
    """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
       WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'""",
    "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
    "SELECT relname FROM pg_class WHERE relkind = 'S'",
)

_OF_0001 = {
    "addon_id": 1, "addon_name": "redis", "service_name": "s", "principal_arn": "a", "owner_account_id": "o",
    "dns_suffix": "d", "availability_zone_ids": "[]", "state": "available",
}  # fmt: skip
"""What else an endpoint has at the first revision."""


def schema(connection: Connection) -> list[tuple[Any, ...]]:
    """Everything that the database knows of its tables, but for Alembic's own."""
    if connection.dialect.name == "sqlite":
        return sorted((kind, name, parts(sql or "")) for kind, name, sql in connection.execute(text(_OF_SQLITE)))
    return sorted((tuple(row) for each in _OF_POSTGRESQL for row in connection.execute(text(each))), key=repr)


def parts(sql: str) -> list[str]:
    """The columns and constraints of a CREATE statement: a column that was added stands behind the others."""
    head, _, body = sql.partition("(")
    return sorted(
        " ".join(part.split()) for part in (head, *re.split(r",(?![^(]*\))", body.rstrip().removesuffix(")")))
    )


def contents(engine: Engine) -> list[tuple[Any, ...]]:
    """The database's schema, seen on a connection of its own."""
    with engine.connect() as connection:
        return schema(connection)


def config(connection: Connection) -> Config:
    """Alembic's configuration for a connection."""
    made = Config()
    made.set_main_option("script_location", str(migrations_folder()))
    made.attributes["connection"] = connection
    return made


def insert(connection: Connection, table: str, **values: Any) -> None:
    """Add a row to a table of an older revision."""
    row = f"INSERT INTO {table} ({', '.join(values)}) VALUES (:{', :'.join(values)})"  # noqa: S608 -- of this file
    connection.execute(text(row), values)


def read(connection: Connection, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Columns of all rows of a table, in order."""
    found = connection.execute(text(f"SELECT {', '.join(columns)} FROM {table}"))  # noqa: S608 -- of this file
    return sorted((tuple(row) for row in found), key=repr)


def test_the_migrations_make_exactly_the_models(engine: Engine) -> None:
    """What the migrations make and what the models say are one, checks, partial indexes and collations included."""
    with writing(engine) as connection, connection.begin():
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        migrated = schema(connection)
        command.downgrade(config(connection), "base")
        for index in (each for table in metadata.tables.values() for each in table.indexes):
            # The models say it for SQLite alone: asked for PostgreSQL, too, every start would load its dialect.
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
        metadata.create_all(connection)
        assert schema(connection) == migrated
    named = {name for each in migrated for name in re.findall(r"\b(?:ck|ix|uq|pk|fk)_\w+", repr(each))}
    assert {"ck_endpoints_state", "ix_addons_due", "uq_apps_name", "pk_journal", "fk_spaces_sandbox_id"} <= named


def test_a_downgrade_leaves_nothing_and_can_be_undone(engine: Engine) -> None:
    """Down leaves no table, index or sequence; up again gives the same schema."""
    before = contents(engine)
    with writing(engine) as connection, connection.begin():
        command.downgrade(config(connection), "base")
    assert contents(engine) == []
    ensure_schema(engine)
    assert contents(engine) == before != []


def test_endpoints_that_were_there_keep_their_security_groups(engine: Engine) -> None:
    """A list of ids becomes names by id, and a list again on the way down; none stays none."""
    with writing(engine) as connection, connection.begin():
        command.downgrade(config(connection), "0001")
        sandbox = world(connection)._work.sandbox_id
        for number, groups in ((1, '["sg-1", "sg-2"]'), (2, None)):
            values = {"sandbox_id": sandbox, "id": number, "security_group_ids": groups} | _OF_0001
            values |= {"endpoint_id": f"vpce-{number}", "created_at": 0, "generation": 0, "privatelink_id": 1}
            insert(connection, "endpoints", **values)

        def groups_now() -> list[str | None]:
            return list(connection.execute(text("SELECT security_group_ids FROM endpoints ORDER BY id")).scalars())

        command.upgrade(config(connection), "head")
        assert groups_now() == ['{"sg-1": "", "sg-2": ""}', None]
        command.downgrade(config(connection), "0001")
        assert groups_now() == ['["sg-1", "sg-2"]', None]


TOLD = {
    1: '{"acm": true, "buildpacks": ["ruby", "é"], "maintenance": true, "namespaces": {"b": "credential:b"}}',
    2: '{"maintenance": true}',
    3: None,
    4: '{"namespaces": {"d": "credential:d"}}',
}
"""What apps were told, by number, up to revision 0002."""
CONFIGS = {1: '{"a": "b", "\\u0000settings": {"timeout": 5}}', 2: '{"settings": "a"}', 3: "{}"}
"""The configs of add-ons, by number, up to revision 0002."""


def world_of_0002(connection: Connection, name: str, told: dict[int, str | None]) -> int:
    """A world as revision 0002 kept it; returns its sandbox's id."""
    sandbox = world(connection, name)._work.sandbox_id
    moments = {"created_at": 0, "updated_at": 0}
    for number, value in told.items():
        fixed = {"in_team": False, "locked": False, "released_at": 0, "release_version": 1, "region": "us"} | moments
        names = {"stack": "heroku-24", "uuid": f"app-{number}", "name": f"app-{number}"}
        insert(connection, "apps", sandbox_id=sandbox, id=number, **fixed, **names)
        for variable, kept in (("A", "b"), ("", value)):
            if kept is not None:
                insert(connection, "config_vars", sandbox_id=sandbox, app_id=number, name=variable, value=kept)
    for number, (uuid, app_id) in enumerate({"a": 1, "b": 1, "c": 3, "d": 4}.items()):
        names = {"uuid": uuid, "name": uuid.upper(), "addon_id": 1, "app_id": app_id}
        insert(connection, "attachments", sandbox_id=sandbox, id=number, **names, **moments)
    for number, value in CONFIGS.items():
        state = {"state": "provisioned", "generation": 1, "credential_version": 0, "app_id": 1, "plan": "p"}
        names = {"uuid": f"addon-{number}", "name": f"addon-{number}", "config": value}
        insert(connection, "addons", sandbox_id=sandbox, id=number, **state, **names, **moments)
    return sandbox


def json_values(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows whose last column is read where it is JSON: how it is spelled is nobody's concern."""
    return [(*row[:-1], json.loads(row[-1]) if row[-1].startswith("{") else row[-1]) for row in rows]


def of_0002(connection: Connection) -> list[list[tuple[Any, ...]]]:
    """All that revision 0003 moves, where 0002 keeps it."""
    variables = read(connection, "config_vars", "sandbox_id", "app_id", "name", "value")
    return [json_values(variables), json_values(read(connection, "addons", "sandbox_id", "id", "config"))]


def test_settings_that_were_there_get_places_of_their_own(engine: Engine) -> None:
    """What apps, attachments and add-ons were told is in their columns, and where it was after the way down."""
    with writing(engine) as connection, connection.begin():
        command.downgrade(config(connection), "0002")
        one = world_of_0002(connection, "one", TOLD)
        two = world_of_0002(connection, "two", TOLD | {1: None})
        before = of_0002(connection)

        command.upgrade(config(connection), "head")
        found = read(connection, "apps", "sandbox_id", "id", "maintenance", "acm", "buildpacks")
        assert [(*row[:2], bool(row[2]), bool(row[3]), json.loads(row[4])) for row in found] == [
            (one, 1, True, True, ["ruby", "é"]), (one, 2, True, False, []), (one, 3, False, False, []),
            (one, 4, False, False, []), (two, 1, False, False, []), (two, 2, True, False, []),
            (two, 3, False, False, []), (two, 4, False, False, []),
        ]  # fmt: skip
        named = [row for row in read(connection, "attachments", "sandbox_id", "uuid", "namespace") if row[2]]
        assert named == [(one, "b", "credential:b"), (one, "d", "credential:d"), (two, "d", "credential:d")]
        variables = read(connection, "config_vars", "sandbox_id", "app_id", "name", "value")
        assert variables == [(sandbox, number, "A", "b") for sandbox in (one, two) for number in TOLD]
        assert read(connection, "addons", "sandbox_id", "id", "config", "settings") == [
            row for each in (one, two)
            for row in ((each, 1, '{"a": "b"}', '{"timeout": 5}'), (each, 2, CONFIGS[2], "{}"), (each, 3, "{}", "{}"))
        ]  # fmt: skip

        command.downgrade(config(connection), "0002")
        assert of_0002(connection) == before


def test_the_models_name_the_newest_revision() -> None:
    """SCHEMA_VERSION is Alembic's one head."""
    found = Config()
    found.set_main_option("script_location", str(migrations_folder()))
    assert ScriptDirectory.from_config(found).get_heads() == [SCHEMA_VERSION]


def test_revisions_do_not_import_the_product() -> None:
    """A revision stays what it was when the models change: it imports nothing of the package."""
    for script in (ROOT / "migrations" / "versions").glob("*.py"):
        assert "kagemusha" not in script.read_text(), script.name


@pytest.mark.parametrize("kind", databases.KINDS)
def test_processes_that_start_at_once_all_succeed(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> None:
    """Three processes bring the same empty database up to date at the same moment, time after time."""
    several = range(10 if kind == "sqlite" else 4)
    targets = [databases.empty(kind, tmp_path / str(number), request) for number in several]
    spawn = multiprocessing.get_context("spawn")
    barrier, failures = spawn.Barrier(3), spawn.Queue()
    racing = [spawn.Process(target=race, args=(targets, barrier, failures)) for _ in range(3)]
    for each in racing:
        each.start()
    try:
        assert [failures.get(timeout=60) for _ in racing] == [[], [], []]
    finally:
        for each in racing:
            each.join(timeout=10)
            each.kill()
    for target in targets:
        engine = connect(target)
        with engine.connect() as connection:
            assert migrate.version(connection) == SCHEMA_VERSION
        engine.dispose()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (["CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('9999')"], "upgrade"),
        (["CREATE TABLE customers (id INTEGER)"], "customers"),
        (["CREATE TABLE apps (id INTEGER)", "INSERT INTO apps VALUES (1)"], "apps"),
        (
            [
                "CREATE TABLE alembic_version (version_num TEXT)",
                "INSERT INTO alembic_version VALUES ('0001')",
                "CREATE TABLE customers (id INTEGER)",
            ],
            "customers",
        ),
        (["CREATE TABLE alembic_version (revision TEXT)"], "version_num"),
    ],
)
def test_a_database_that_is_newer_or_foreign_is_refused(database: str, made: list[str], said: str) -> None:
    """A version that is not known and tables that are not ours are a DatabaseProblem, and stay as they are."""
    engine = connect(database)
    with engine.begin() as connection:
        for statement in made:
            connection.execute(text(statement))
    before = contents(engine)
    with pytest.raises(DatabaseProblem, match=said) as raised:
        ensure_schema(engine)
    assert "\n" not in str(raised.value)
    assert "--database" in str(raised.value)
    assert contents(engine) == before
    engine.dispose()


def test_a_foreign_file_is_left_as_it_is(tmp_path: Path) -> None:
    """Looking at somebody else's SQLite file changes no byte of it, and leaves nothing beside it."""
    path = tmp_path / "songs.db"
    with closing(sqlite3.connect(path)) as foreign, foreign:
        foreign.execute("CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()
    for look in (migrate.check_database, migrate.upgrade_database):
        with pytest.raises(DatabaseProblem, match="songs"):
            look(f"sqlite:///{path}")
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_half_way_leaves_the_old_schema(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade that fails after its tables were made has made none; the next one succeeds."""
    engine = connect(database)
    whole = migrate._upgrade

    def crash(connection: Connection, found: str | None) -> None:
        whole(connection, found)
        raise RuntimeError

    monkeypatch.setattr(migrate, "_upgrade", crash)
    with pytest.raises(RuntimeError):
        ensure_schema(engine)
    monkeypatch.undo()
    with engine.connect() as connection:
        assert migrate.version(connection) is None
    assert contents(engine) == []
    ensure_schema(engine)
    assert len(contents(engine)) > len(metadata.tables)
    engine.dispose()


def test_a_process_that_is_killed_half_way_leaves_the_old_schema(tmp_path: Path) -> None:
    """A process that dies inside the migration leaves an empty database, which the next one upgrades."""
    path = tmp_path / "world.db"
    program = (
        "import os, sys; from kagemusha.store import engine, migrate; whole = migrate._upgrade\n"
        "def dying(*a): whole(*a); os._exit(9)\n"
        "migrate._upgrade = dying; migrate.ensure_schema(engine.connect(sys.argv[1]))"
    )
    died = subprocess.run([sys.executable, "-c", program, f"sqlite:///{path}"], timeout=60)
    assert died.returncode == 9
    engine = connect(f"sqlite:///{path}")
    assert contents(engine) == []
    ensure_schema(engine)
    assert len(contents(engine)) > len(metadata.tables)
    engine.dispose()


def test_an_up_to_date_database_is_only_looked_at(engine: Engine) -> None:
    """A start on the newest schema waits for no lock that another process holds, so it can have written nothing."""
    other = connect(engine.url.render_as_string(hide_password=False))
    with writing(other) as connection, connection.begin():
        alone(connection)
        ensure_schema(engine)
    other.dispose()


def test_alembic_is_imported_only_to_migrate(tmp_path: Path) -> None:
    """A start on the newest schema does not load Alembic; the first start does."""
    program = (
        "import sys; from kagemusha.store import engine, migrate; migrate.ensure_schema(engine.connect(sys.argv[1]))\n"
        "print('alembic' in sys.modules)"
    )
    start = [sys.executable, "-c", program, f"sqlite:///{tmp_path}/world.db"]
    loaded = [subprocess.run(start, capture_output=True, text=True, timeout=60).stdout.strip() for _ in range(2)]
    assert loaded == ["True", "False"]


def test_an_installed_package_migrates_by_itself(tmp_path: Path) -> None:
    """Laid out as the wheel is, away from the checkout, the package finds its migrations and runs them."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    ignored = shutil.ignore_patterns("__pycache__")
    for package in wheel["packages"]:
        shutil.copytree(ROOT / package, tmp_path / "site" / Path(package).name, ignore=ignored)
    for source, target in wheel["force-include"].items():
        shutil.copytree(ROOT / source, tmp_path / "site" / target, ignore=ignored)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); from kagemusha.store import engine, migrate\n"
        "migrate.ensure_schema(engine.connect(sys.argv[1])); print(migrate.migrations_folder())"
    )
    run = [sys.executable, "-c", program, f"sqlite:///{tmp_path}/world.db"]
    done = subprocess.run(run, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.stdout.strip() == str(tmp_path / "site" / "kagemusha" / "migrations"), done.stderr
    with sqlite3.connect(tmp_path / "world.db") as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (SCHEMA_VERSION,)
    connection.close()
