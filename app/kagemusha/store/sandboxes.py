"""Sandboxes themselves: found by name or key, locked, created, deleted. The one place without a bound world."""

from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, insert, select

from kagemusha.store import engine as engines
from kagemusha.store import server_models
from kagemusha.store.prepared import rows
from kagemusha.store.records import AwsCredentials, Sandbox

_S = server_models.sandboxes
_ALL = select(*(_S.c[name] for name in Sandbox._fields))
_PLAIN: dict[str, Select[Any]] = {
    name: _ALL.where(_S.c[name] == bindparam("value"))
    for name in ("id", "name", "heroku_api_key", "aws_account_id", "aws_access_key_id")
}
_LOCKED = {name: statement.with_for_update() for name, statement in _PLAIN.items()}
_WAKING = (
    select(_S.c.id)
    .where(_S.c.wake_at <= bindparam("system"))
    .order_by(_S.c.wake_at, _S.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_LIST = _ALL.order_by(_S.c.id)
_DELETE = delete(_S).where(_S.c.id == bindparam("value"))
_C = server_models.aws_credentials
_CREDENTIALS = select(*(_C.c[name] for name in AwsCredentials._fields))
_CREDENTIALS_BY_KEY = _CREDENTIALS.where(_C.c.access_key_id == bindparam("access_key_id"))
_CREDENTIALS_OF = (
    _CREDENTIALS.where(_C.c.sandbox_id == bindparam("sandbox_id"), _C.c.principal_arn == bindparam("principal_arn"))
).limit(1)
_SECRET = select(server_models.server_secrets.c.value).where(server_models.server_secrets.c.name == bindparam("name"))
_A = server_models.authorities
_AUTHORITY = select(_A.c.pem).where(_A.c.sandbox_id == bindparam("sandbox_id"))


class Sandboxes:
    """The sandboxes of the server."""

    def __init__(self, connection: Connection) -> None:
        """Over one connection."""
        self._connection = connection

    def alone(self) -> None:
        """From here to the end of the transaction nobody else adds a sandbox, or a secret."""
        engines.alone(self._connection)

    def find(self, column: str, value: str | int, *, lock: bool = False) -> Sandbox | None:
        """The sandbox whose `column` is `value`; with `lock`, held until the transaction ends."""
        statement = (_LOCKED if lock else _PLAIN)[column]
        found = rows(self._connection, statement, {"value": value})
        return Sandbox(*found[0]) if found else None

    def waking(self, system: int) -> int | None:
        """The id of a sandbox in which something is due by the system's clock, locked; none that others hold."""
        found: int | None = self._connection.execute(_WAKING, {"system": system}).scalar()
        return found

    def list(self) -> list[Sandbox]:
        """All sandboxes, oldest first."""
        return [Sandbox(*row) for row in self._connection.execute(_LIST)]

    def insert(self, values: dict[str, Any]) -> Sandbox:
        """Add a sandbox; `values` are its columns without the id."""
        key = self._connection.execute(insert(_S), values).inserted_primary_key
        return Sandbox(id=key[0] if key else 0, **values)

    def delete(self, sandbox_id: int) -> None:
        """Take a sandbox away, and everything in it."""
        self._connection.execute(_DELETE, {"value": sandbox_id})

    def credentials(self, access_key_id: str) -> AwsCredentials | None:
        """The issued AWS credentials with this access key id."""
        row = self._connection.execute(_CREDENTIALS_BY_KEY, {"access_key_id": access_key_id}).first()
        return None if row is None else AwsCredentials(*row)

    def has_credentials_of(self, sandbox_id: int, principal_arn: str) -> bool:
        """Whether credentials of this principal were issued in the sandbox."""
        asked = {"sandbox_id": sandbox_id, "principal_arn": principal_arn}
        return self._connection.execute(_CREDENTIALS_OF, asked).first() is not None

    def keep_credentials(self, credentials: AwsCredentials) -> None:
        """Keep issued AWS credentials."""
        self._connection.execute(insert(_C), credentials._asdict())

    def authority(self, sandbox_id: int) -> str | None:
        """The certificate authority of a sandbox: its certificate and private key in PEM."""
        found: str | None = self._connection.execute(_AUTHORITY, {"sandbox_id": sandbox_id}).scalar()
        return found

    def keep_authority(self, sandbox_id: int, pem: str) -> None:
        """Keep the certificate authority of a sandbox, which has none yet and is locked."""
        self._connection.execute(insert(_A), {"sandbox_id": sandbox_id, "pem": pem})

    def secret(self, name: str) -> str | None:
        """A secret of the server that all its processes share."""
        found: str | None = self._connection.execute(_SECRET, {"name": name}).scalar()
        return found

    def keep_secret(self, name: str, value: str) -> None:
        """Keep a secret of the server."""
        self._connection.execute(insert(server_models.server_secrets), {"name": name, "value": value})
