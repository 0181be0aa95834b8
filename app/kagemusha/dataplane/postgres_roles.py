"""Add-ons' roles and databases in a PostgreSQL, ours or one that is given.

Each add-on has one role, which owns the one database that nobody else may connect to. Roles that are ours have a
comment, ``kagemusha <owner> <world> <store>``; what has our names without it is somebody else's, and left alone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from psycopg import AsyncConnection, Error, OperationalError, errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from kagemusha.dataplane.backend import BackendProblem
from kagemusha.domain.doors import DataStore

if TYPE_CHECKING:
    from typing import LiteralString

_PATIENCE = 10
"""Seconds that a PostgreSQL may take to let us in."""
_OURS = """
    SELECT split_part(description, ' ', 3), split_part(description, ' ', 4), rolname
    FROM pg_catalog.pg_roles JOIN pg_catalog.pg_shdescription ON objoid = pg_roles.oid
    WHERE classoid = 'pg_catalog.pg_authid'::regclass AND starts_with(description, %s)
    ORDER BY description
"""
_DATABASES = "SELECT datname FROM pg_catalog.pg_database WHERE datdba = %s::regrole"
_OWNER = "SELECT pg_get_userbyid(datdba) FROM pg_catalog.pg_database WHERE datname = %s"
_END = """
    SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE usesysid = %s::regrole
"""


class Role(NamedTuple):
    """A role of ours, and whose it is."""

    world: str
    store: str
    name: str


class Roles:
    """The roles and databases in one PostgreSQL that are of `owner`, one word that no other server has."""

    def __init__(self, url: str, owner: str) -> None:
        """`url` is of a role that may make roles and databases, as libpq takes it. Raises BackendProblem."""
        try:
            self._place = conninfo_to_dict(url)
        except Error as error:
            raise BackendProblem(f"The PostgreSQL server's URL can't be read ({str(error).strip()}).") from None
        # What the environment says to other clients is not for us, nor are functions that others made.
        self._url = make_conninfo(
            url,
            application_name="kagemusha",
            options="-csearch_path=",
            connect_timeout=_PATIENCE,
            gssencmode="disable",
            channel_binding="prefer",
        )
        self._owner = owner

    @property
    def address(self) -> tuple[str, int]:
        """The host, or the folder of a Unix socket, and the port."""
        return str(self._place.get("host") or "127.0.0.1"), int(self._place.get("port") or 5432)

    async def have(self, store: DataStore) -> None:
        """See that a store's role and database are there. Raises BackendProblem."""
        async with self._connected() as connection:
            await self._have(connection, store, await self._ours(connection, store.world))

    async def agree(self, world: str, stores: Sequence[DataStore]) -> None:
        """Let a world's roles be those of `stores` alone; those that aren't there yet are not made.

        Credentials that changed are changed when this returns, and who came by the old ones is cut off. Raises
        BackendProblem.
        """
        wanted = {each.key: each for each in stores}
        async with self._connected() as connection:
            for key, found in (await self._ours(connection, world)).items():
                if key not in wanted:
                    await self._drop(connection, found)
                elif wanted[key].user != found.name:
                    await self._rename(connection, found, wanted[key])

    async def keep(self, worlds: Sequence[str]) -> None:
        """Let the roles and databases of all other worlds go. Raises BackendProblem."""
        async with self._connected() as connection:
            for found in await self._marked(connection, f"kagemusha {self._owner} "):
                if found.world not in worlds:
                    await self._drop(connection, found)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with await AsyncConnection.connect(self._url, autocommit=True) as connection:
                # Whatever the server does by default.
                await connection.execute("SET password_encryption = 'scram-sha-256'")
                yield connection
        except OperationalError as error:
            host, port = self.address
            message = f"The PostgreSQL at {host}, port {port}, can't be used ({_said(error)}): see that it runs."
            raise BackendProblem(message) from None
        except errors.InsufficientPrivilege as error:
            message = f"PostgreSQL refuses ({_said(error)}): give the URL of a role with CREATEDB and CREATEROLE."
            raise BackendProblem(message) from None
        except Error as error:
            raise BackendProblem(f"PostgreSQL refuses: {_said(error)}.") from None

    async def _ours(self, connection: AsyncConnection, world: str) -> Mapping[str, Role]:
        return {each.store: each for each in await self._marked(connection, f"kagemusha {self._owner} {world} ")}

    @staticmethod
    async def _marked(connection: AsyncConnection, mark: str) -> list[Role]:
        cursor = await connection.execute(_OURS, [mark])
        return [Role(*row) for row in await cursor.fetchall()]

    async def _have(self, connection: AsyncConnection, store: DataStore, ours: Mapping[str, Role]) -> None:
        found = ours.get(store.key)
        if found is None:
            await self._create(connection, store)
        elif found.name != store.user:
            await self._rename(connection, found, store)
        cursor = await connection.execute(_OWNER, [store.database])
        match await cursor.fetchone():
            case None:
                await _do(connection, "CREATE DATABASE {} OWNER {}", store.database, store.user)
            case (whose,) if whose != store.user:
                raise _taken(f"database {store.database}", store)
        await _do(connection, "REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC", store.database)

    async def _create(self, connection: AsyncConnection, store: DataStore) -> None:
        try:
            async with connection.transaction():
                await _password(connection, "CREATE ROLE {} LOGIN PASSWORD {}", store)
                mark = Literal(f"kagemusha {self._owner} {store.world} {store.key}")
                await connection.execute(SQL("COMMENT ON ROLE {} IS {}").format(Identifier(store.user), mark))
                # Who is no superuser gives a database only to a role that it is a member of.
                await _do(connection, "GRANT {} TO CURRENT_USER", store.user)
        except errors.DuplicateObject:
            raise _taken(f"role {store.user}", store) from None

    @staticmethod
    async def _rename(connection: AsyncConnection, found: Role, store: DataStore) -> None:
        try:
            async with connection.transaction():
                await _do(connection, "ALTER ROLE {} RENAME TO {}", found.name, store.user)
                await _password(connection, "ALTER ROLE {} PASSWORD {}", store)
        except errors.DuplicateObject:
            raise _taken(f"role {store.user}", store) from None
        await connection.execute(_END, [f'"{store.user}"'])

    @staticmethod
    async def _drop(connection: AsyncConnection, found: Role) -> None:
        cursor = await connection.execute(_DATABASES, [f'"{found.name}"'])
        for (name,) in await cursor.fetchall():
            # Its owner may have made it what can't be dropped.
            await _do(connection, "ALTER DATABASE {} IS_TEMPLATE false", name)
            await _do(connection, "DROP DATABASE {} WITH (FORCE)", name)
        await _do(connection, "DROP OWNED BY {}", found.name)
        await _do(connection, "DROP ROLE {}", found.name)


async def _do(connection: AsyncConnection, statement: "LiteralString", *names: str) -> None:
    await connection.execute(SQL(statement).format(*map(Identifier, names)))


async def _password(connection: AsyncConnection, statement: "LiteralString", store: DataStore) -> None:
    """Set a password, which the server is told as what it is to keep: its log never has it."""
    kept = connection.pgconn.encrypt_password(store.password.encode(), store.user.encode(), b"scram-sha-256")
    await connection.execute(SQL(statement).format(Identifier(store.user), Literal(kept.decode())))


def _taken(what: str, store: DataStore) -> BackendProblem:
    return BackendProblem(
        f"The PostgreSQL server has a {what} that is not this server's, so {store.addon} can't have it: drop it there, "
        "give another server, or give the sandbox another seed."
    )


def _said(error: Error) -> str:
    return (error.diag.message_primary or str(error)).strip().replace("\n", " ")
