"""The schema, brought up to date when the server starts; safe when two processes start at once."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import SQLAlchemyError

import kagemusha
from kagemusha.store import engine as engines
from kagemusha.store.engine import DatabaseProblem
from kagemusha.store.models import SCHEMA_VERSION
from kagemusha.store.server_models import sandboxes

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
        with engines.reading(engine) as connection, connection.begin():
            found = version(connection)
        if found != SCHEMA_VERSION:
            _check_known(found)
        # Not before: a file that is not ours is left as it is.
        engines.let_readers_be(engine)
        if found != SCHEMA_VERSION:
            _upgrade_locked(engine)
    except SQLAlchemyError as error:
        raise engines.explain(error, engine) from None


def _upgrade_locked(engine: Engine) -> None:
    with engines.writing(engine) as connection, connection.begin():
        engines.alone(connection)
        found = version(connection)
        if found != SCHEMA_VERSION:
            _upgrade(connection, found)


def upgrade_database(url: str) -> str:
    """Bring the database at `url` to the newest schema; returns its version. Raises DatabaseProblem."""
    engine = engines.connect(url)
    try:
        ensure_schema(engine)
    finally:
        engine.dispose()
    return SCHEMA_VERSION


def check_database(url: str) -> str:
    """The version of the schema at `url`, which is the newest; changes nothing. Raises DatabaseProblem if it isn't."""
    engines.check_there(url)
    engine = engines.connect(url)
    try:
        with engines.reading(engine) as connection, connection.begin():
            found = version(connection)
    except SQLAlchemyError as error:
        raise engines.explain(error, engine) from None
    finally:
        engine.dispose()
    if found == SCHEMA_VERSION:
        return found
    _check_known(found)
    stands = "has no schema yet" if found is None else f"is at schema version {found}, not {SCHEMA_VERSION}"
    message = f"The database {stands}: run kagemusha db upgrade, or start kagemusha serve on it."
    raise DatabaseProblem(message)


def _check_known(found: str | None) -> None:
    """Refuse a database that a newer kagemusha has written."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(str(migrations_folder())).walk_revisions()}
    if found is not None and found not in known:
        message = (
            f"The database is at schema version {found}, which kagemusha {kagemusha.__version__} does not know: "
            "upgrade kagemusha, or use another --database."
        )
        raise DatabaseProblem(message)


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config

    _check_known(found)
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
