"""The schema, brought up to date when the server starts; safe when two processes start at once."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

import kagemusha
from kagemusha.store import engine as engines
from kagemusha.store.engine import DatabaseProblem
from kagemusha.store.models import SCHEMA_VERSION, sandboxes

_LOCK = 7_305_117
"""The number of PostgreSQL's advisory lock under which the schema changes."""
_VERSIONS = "alembic_version"
_SHOWN = 3
"""Foreign tables that an error names."""


def migrations_folder() -> Path:
    """The scripts: inside the installed package, or at the top of a checkout."""
    package = Path(kagemusha.__file__).parent
    shipped = package / "migrations"
    return shipped if shipped.is_dir() else package.parent.parent / "migrations"


def version(connection: Connection) -> str | None:
    """The schema's version, None for an empty database. Raises DatabaseProblem for one that holds something else."""
    tables = set(inspect(connection).get_table_names())
    found: str | None = None
    if _VERSIONS in tables:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        tables.remove(_VERSIONS)
    if tables and (found is None or sandboxes.name not in tables):
        shown = ", ".join(sorted(tables)[:_SHOWN])
        message = f"The database holds tables that are not kagemusha's ({shown}): use an empty one with --database."
        raise DatabaseProblem(message)
    return found


def ensure_schema(engine: Engine) -> None:
    """Upgrade to the newest schema, wholly or not at all.

    Raises DatabaseProblem when the database can't be used, is newer or is not ours; it is then as it was.
    """
    try:
        if not _is_up_to_date(engine):
            _upgrade_locked(engine)
    except SQLAlchemyError as error:
        raise engines.explain(error, engine) from None


def _is_up_to_date(engine: Engine) -> bool:
    with engines.reading(engine) as connection, connection.begin():
        return version(connection) == SCHEMA_VERSION


def _upgrade_locked(engine: Engine) -> None:
    # SQLite's lock is taken as the transaction begins.
    with engines.writing(engine) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
        found = version(connection)
        if found != SCHEMA_VERSION:
            _upgrade(connection, found)


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        message = (
            f"The database is at schema version {found}, which kagemusha {kagemusha.__version__} does not know: "
            "upgrade kagemusha, or use another --database."
        )
        raise DatabaseProblem(message)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
