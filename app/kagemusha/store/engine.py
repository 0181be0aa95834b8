"""Connections to SQLite or PostgreSQL: every difference between the two is in this file.

Waiting for a lock is bounded by LOCK_TIMEOUT on both.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import QueuePool, StaticPool

LOCK_TIMEOUT = 5.0
"""Seconds that a transaction waits for a lock before it gives up."""
STATEMENT_TIMEOUT = 30.0
"""Seconds after which PostgreSQL gives up a statement."""

MEMORY = "sqlite://"
"""The URL of a database that is gone with its process."""
_ALONE = 7_305_117
"""The number of PostgreSQL's advisory lock under which the schema and the list of sandboxes grow."""
# Never shows what was given, which may hold a password.
_MALFORMED = "The database URL can't be read: use sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME."


class DatabaseProblem(Exception):
    """The database can't be used; the message is one line and says what to do."""


def parse_url(text: str) -> URL:
    """Read a database URL: ``sqlite:///path``, ``postgresql://…`` (or ``postgres://``, as Heroku spells it)."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise DatabaseProblem(_MALFORMED) from None
    if "@" in (url.host or ""):
        raise DatabaseProblem(f"{_MALFORMED} An @ in the password is written %40.")
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in {"sqlite", "sqlite+pysqlite"}:
        if url.host or url.query:
            raise DatabaseProblem("A SQLite URL is sqlite:///FILE (sqlite:////FILE from the root), and nothing else.")
        return url
    message = f"Databases of kind {url.drivername!r} are not supported: use sqlite:///FILE or postgresql://…"
    raise DatabaseProblem(message)


def is_memory(text: str) -> bool:
    """Whether the database at `text` is gone with its process, and none other's. Raises DatabaseProblem."""
    return _in_memory(parse_url(text))


def _in_memory(url: URL) -> bool:
    return url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}


def check_there(text: str) -> None:
    """Refuse a SQLite file that isn't there, before a connection makes it. Raises DatabaseProblem."""
    url = parse_url(text)
    if url.get_backend_name() == "sqlite" and not _in_memory(url) and not _file(url).exists():
        message = f"There is no database {url.database} yet: run kagemusha db upgrade, or start kagemusha serve on it."
        raise DatabaseProblem(message)


def connect(text: str) -> Engine:
    """An engine for `text`. Opens no connection yet; raises DatabaseProblem for a URL that can't work."""
    url = parse_url(text)
    try:
        return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    except (NoSuchModuleError, ModuleNotFoundError):
        message = "PostgreSQL needs its driver: pip install 'kagemusha[postgres]'."
        raise DatabaseProblem(message) from None


def _sqlite(url: URL) -> Engine:
    if not _in_memory(url):
        path = _file(url)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            message = f"Can't make the folder {path.parent}: {error.strerror}. Use --database sqlite:///FILE."
            raise DatabaseProblem(message) from None
        url = url.set(database=str(path))
        pool: dict[str, Any] = {"poolclass": QueuePool}
    else:
        pool = {"poolclass": StaticPool}
    engine = create_engine(url, connect_args={"timeout": LOCK_TIMEOUT, "check_same_thread": False}, **pool)
    event.listen(engine, "connect", _sqlite_connected)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _file(url: URL) -> Path:
    return Path(url.database or "").expanduser()


def _sqlite_connected(connection: Any, _record: object) -> None:
    # Transactions are begun by _sqlite_begin, never by the driver.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _sqlite_begin(connection: Connection) -> None:
    # A transaction that may write takes its lock at once: upgrading later would answer SQLITE_BUSY.
    writes = connection.get_execution_options().get("writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL) -> Engine:
    options = f"-c lock_timeout={int(LOCK_TIMEOUT * 1000)} -c statement_timeout={int(STATEMENT_TIMEOUT * 1000)}"
    arguments = {"connect_timeout": 5, "options": options, "application_name": "kagemusha"}
    return create_engine(url, connect_args=arguments, pool_size=2, max_overflow=2)


def reading(engine: Engine) -> Connection:
    """A connection whose transactions see one moment and never write."""
    if engine.dialect.name == "sqlite":
        return engine.connect().execution_options(writes=False)
    return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writing(engine: Engine) -> Connection:
    """A connection whose transactions may write."""
    return engine.connect()


def alone(connection: Connection) -> None:
    """Until this transaction ends no other may come to this line: on SQLite none that writes can."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ALONE})")


def explain(error: BaseException, engine: Engine) -> DatabaseProblem:
    """`error` of a first look at the database as one line that says what to do."""
    if engine.dialect.name == "sqlite":
        cause = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        return DatabaseProblem(
            f"Can't use the database file {engine.url.database}: {cause}. "
            "Check that it is a SQLite file that you may write, or choose another with --database sqlite:///FILE.",
        )
    # Without the query, which may hold a password too.
    shown = engine.url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
    cause = str(error.orig).strip().splitlines()[0] if isinstance(error, DBAPIError) else str(error)
    return DatabaseProblem(f"Can't reach the database {shown}: {cause}. Start it, or correct --database.")
