"""Connections to SQLite or PostgreSQL: every difference between the two is in this file.

Waiting for a lock is bounded by LOCK_TIMEOUT on both.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool, StaticPool

from kagemusha.problems import StartProblem

LOCK_TIMEOUT = 5.0
"""Seconds that a transaction waits for a lock before it gives up."""
STATEMENT_TIMEOUT = 30.0
"""Seconds after which PostgreSQL gives up a statement."""

_WAL = "PRAGMA journal_mode = WAL"
_LOOK_AGAIN = 0.02
"""Seconds until a lock that SQLite does not wait for is asked for again."""
_PRIMARY = 0xFF
"""The bits of SQLite's extended error codes that are the error; the others say how it came about."""
_WAITED = frozenset({"55P03", "57014", "40P01", "40001"})
"""PostgreSQL's states for a lock or an answer that was not had in time, a deadlock, and a lost serialisation."""

_CACHE = 32_768
"""KiB that a connection to SQLite keeps of the file: a page of rows from all over a large world, and around them."""
_STATEMENTS = 512
"""Statements that a connection to SQLite keeps parsed: more than there are."""
_SQLITE = "sqlite+kagemusha"
_BEGIN = "BEGIN"
"""Where a connection to SQLite keeps how its transactions begin."""

MEMORY = "sqlite://"
"""The URL of a database that is gone with its process."""
_ALONE = 7_305_117
"""The number of PostgreSQL's advisory lock under which the schema and the list of sandboxes grow."""
# Never shows what was given, which may hold a password.
_MALFORMED = "The database URL can't be read: use sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME."


class DatabaseProblem(StartProblem):
    """The database can't be used; the message is one line and says what to do."""


class Sqlite(SQLiteDialect_pysqlite):
    """SQLite, with transactions that begin when SQLAlchemy says so and not when the driver sees fit.

    A listener of the event "begin" would do the same, and make every statement look for listeners of its own.
    """

    supports_statement_cache = True

    def do_begin(self, dbapi_connection: DBAPIConnection) -> None:
        """Begin. What may write takes its lock at once: upgrading later would answer SQLITE_BUSY."""
        info: dict[str, str] = dbapi_connection.info
        dbapi_connection.cursor().execute(info.get(_BEGIN, "BEGIN IMMEDIATE"))


registry.register(_SQLITE.replace("+", "."), __name__, Sqlite.__name__)


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
    if url.drivername in {"sqlite", "sqlite+pysqlite", _SQLITE}:
        if url.host or url.query:
            raise DatabaseProblem("A SQLite URL is sqlite:///FILE (sqlite:////FILE from the root), and nothing else.")
        return url.set(drivername="sqlite")
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


def _file(url: URL) -> Path:
    return Path(url.database or "").expanduser()


def connect(text: str) -> Engine:
    """An engine for `text`. Opens no connection yet; raises DatabaseProblem for a URL that can't work."""
    url = parse_url(text)
    try:
        return _sqlite(url) if url.get_backend_name() == "sqlite" else _postgresql(url)
    except (NoSuchModuleError, ModuleNotFoundError):
        message = "PostgreSQL needs its driver: pip install 'kagemusha[postgres]'."
        raise DatabaseProblem(message) from None


def _sqlite(url: URL) -> Engine:
    url = url.set(drivername=_SQLITE)
    if _in_memory(url):
        arguments = {"check_same_thread": False, "cached_statements": _STATEMENTS}
        engine = create_engine(url, connect_args=arguments, poolclass=StaticPool, paramstyle="named")
    else:
        path = _file(url)
        _make_file(path)
        url = url.set(database=str(path))
        engine = create_engine(url, creator=_opener(path), poolclass=QueuePool, paramstyle="named")
    event.listen(engine, "connect", _sqlite_connected)
    event.listen(engine, "checkin", _sqlite_given_back)
    return engine


def _make_file(path: Path) -> None:
    """Make the file, for its owner alone, if it is not there; raises DatabaseProblem if it can't be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            path.touch(mode=0o600)
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        message = f"Can't write the database file {path}: {error.strerror}. Use --database sqlite:///FILE."
        raise DatabaseProblem(message) from None


def _opener(path: Path) -> Callable[[], sqlite3.Connection]:
    # Without "create": a file that disappears under the server is not to come back as an empty one.
    uri = f"file:{quote(str(path))}?mode=rw"
    return lambda: sqlite3.connect(uri, uri=True, timeout=0, check_same_thread=False, cached_statements=_STATEMENTS)


def _sqlite_connected(connection: sqlite3.Connection, _record: object) -> None:
    # Transactions are begun by the dialect, never by the driver.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {int(LOCK_TIMEOUT * 1000)}")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{_CACHE}")


def _sqlite_given_back(_connection: sqlite3.Connection | None, record: ConnectionPoolEntry) -> None:
    record.info.pop(_BEGIN, None)


def let_readers_be(engine: Engine) -> None:
    """Let readers and a writer go on beside each other: SQLite's file is changed for that, PostgreSQL needs nothing."""
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        _use_wal(connection.driver_connection)
    except sqlite3.Error as error:
        raise OperationalError(_WAL, None, error) from error
    finally:
        connection.close()


def _use_wal(connection: Any) -> None:
    # SQLite itself does not always wait for the lock that the change takes, and two processes that start at once
    # meet here.
    for _ in range(int(LOCK_TIMEOUT / _LOOK_AGAIN)):
        try:
            connection.execute(_WAL)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY:
                raise
            time.sleep(_LOOK_AGAIN)
        else:
            return
    connection.execute(_WAL)


def _postgresql(url: URL) -> Engine:
    options = f"-c lock_timeout={int(LOCK_TIMEOUT * 1000)} -c statement_timeout={int(STATEMENT_TIMEOUT * 1000)}"
    arguments = {"connect_timeout": 5, "options": options, "application_name": "kagemusha"}
    return create_engine(url, connect_args=arguments, pool_size=2, max_overflow=2)


def reading(engine: Engine) -> Connection:
    """A connection whose transactions see one moment and never write."""
    if engine.dialect.name == "sqlite":
        connection = engine.connect()
        connection.info[_BEGIN] = "BEGIN"
        return connection
    return engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def writing(engine: Engine) -> Connection:
    """A connection whose transactions may write."""
    return engine.connect()


def alone(connection: Connection) -> None:
    """Until this transaction ends no other may come to this line: on SQLite none that writes can."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ALONE})")


def timed_out(error: DBAPIError) -> bool:
    """Whether a lock, or an answer, was not had in time: the same may work a moment later."""
    code = getattr(error.orig, "sqlite_errorcode", 0) & _PRIMARY
    return code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} or getattr(error.orig, "sqlstate", None) in _WAITED


def is_outage(error: DBAPIError) -> bool:
    """Whether the database, and not what it was asked, is at fault: it is away, busy, damaged or full."""
    damaged = type(error) is DatabaseError and isinstance(error.orig, sqlite3.DatabaseError)
    return error.connection_invalidated or isinstance(error, OperationalError) or damaged


def cause_of(error: BaseException) -> str:
    """The driver's own words, in one line."""
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return (said.strip().splitlines() or ["no answer"])[0]


def explain(error: BaseException, engine: Engine) -> DatabaseProblem:
    """`error` of a first look at the database as one line that says what to do."""
    cause = cause_of(error)
    # Without the query, which may hold a password too.
    shown = engine.url.set(drivername=engine.url.get_backend_name(), query={}).render_as_string(hide_password=True)
    if isinstance(error, DBAPIError) and timed_out(error):
        return DatabaseProblem(f"The database {shown} is held by another process ({cause}): stop that, or try again.")
    if engine.dialect.name == "sqlite":
        return DatabaseProblem(
            f"Can't use the database file {engine.url.database}: {cause}. "
            "Check that it is a SQLite file that you may write, or choose another with --database sqlite:///FILE.",
        )
    return DatabaseProblem(f"Can't reach the database {shown}: {cause}. Start it, or correct --database.")
