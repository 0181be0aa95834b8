"""What the Data API shows of a privatelink, read by one statement: it is what clients ask for again and again."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, literal_column, null, or_, select, union_all

from kagemusha.store import models
from kagemusha.store.base import Queries, mine


class ShownAccount(NamedTuple):
    """An allowed account: `account_id` as the client wrote it, `arn` as it is compared."""

    account_id: str
    arn: str
    state: str
    uuid: str


class ShownEndpoint(NamedTuple):
    """An endpoint, in whatever state."""

    endpoint_id: str
    dns_suffix: str
    service_name: str
    owner_account_id: str
    state: str


class ShownLink(NamedTuple):
    """A privatelink: its service, its state, and how often that has changed."""

    service_name: str
    state: str
    uuid: str
    generation: int


class LinkAround(NamedTuple):
    """An add-on, the app that pays for it, its privatelink, and who connects through that, in order of age."""

    addon_uuid: str
    addon_name: str
    app_name: str | None
    link: ShownLink | None
    accounts: list[ShownAccount]
    endpoints: list[ShownEndpoint]


class LinkViews(Queries):
    """Privatelinks as they are shown."""

    def around(self, identity: str) -> LinkAround | None:
        """The privatelink of the add-on that `Addons.find` finds, with all that is shown with it."""
        rows = sorted(self._rows(_AROUND, identity=identity), key=_order)
        if not rows:
            return None
        _, addon, number, uuid, name, app_name, *link = rows[0]
        shown = None if number is None else ShownLink(*link)
        accounts = [ShownAccount(*row[3:7]) for row in rows if row[0] == _ACCOUNT and row[1] == addon]
        endpoints = [ShownEndpoint(*row[3:8]) for row in rows if row[0] == _ENDPOINT and row[1] == addon]
        return LinkAround(uuid, name, app_name, shown, accounts, endpoints)


_LINK, _ACCOUNT, _ENDPOINT = range(3)
"""The kinds of rows."""


def _order(row: Any) -> tuple[int, int, int]:
    """The oldest add-on's link comes first, then accounts and endpoints by age; a link that is not there has no id."""
    return row[0], row[1], row[2] or 0


def _same_world(table: Any, other: Any, **pairs: str) -> ColumnElement[bool]:
    return and_(table.c.sandbox_id == other.c.sandbox_id, *(table.c[a] == other.c[b] for a, b in pairs.items()))


def _part(kind: int, number: Any, texts: list[Any], count: Any) -> Select[Any]:
    """Rows of one kind: the add-on's id, an id of their own, six texts and a number."""
    filled = [*texts, *([null()] * (6 - len(texts)))]
    return select(literal_column(str(kind)), models.addons.c.id, number, *filled, count).where(
        mine(models.addons),
        or_(models.addons.c.uuid == bindparam("identity"), models.addons.c.name == bindparam("identity")),
    )


_A, _L, _P = models.addons, models.privatelinks, models.apps
_U, _E = models.allowed_accounts, models.endpoints
_OF_ADDON = _same_world(_L, _A, addon_id="id")
# Outer joins, since SQLite follows them in the order written, and would else begin with all accounts.
_AROUND = union_all(
    _part(
        _LINK,
        _L.c.id,
        [_A.c.uuid, _A.c.name, _P.c.name, _L.c.service_name, _L.c.state, _L.c.uuid],
        _L.c.generation,
    ).select_from(_A.outerjoin(_P, _same_world(_P, _A, id="app_id")).outerjoin(_L, _OF_ADDON)),
    _part(_ACCOUNT, _U.c.id, [_U.c.account_id, _U.c.arn, _U.c.state, _U.c.uuid], null())
    .select_from(_A.outerjoin(_L, _OF_ADDON).outerjoin(_U, _same_world(_U, _L, privatelink_id="id")))
    .where(_U.c.id.is_not(None)),
    _part(
        _ENDPOINT,
        _E.c.id,
        [_E.c.endpoint_id, _E.c.dns_suffix, _E.c.service_name, _E.c.owner_account_id, _E.c.state],
        null(),
    )
    .select_from(_A.outerjoin(_L, _OF_ADDON).outerjoin(_E, _same_world(_E, _L, privatelink_id="id")))
    .where(_E.c.id.is_not(None)),
)
