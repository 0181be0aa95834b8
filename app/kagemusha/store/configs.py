"""Config vars, and the releases that they come in."""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from sqlalchemy import Select, bindparam, delete, select

from kagemusha.store import models, records
from kagemusha.store.base import Queries, Things, by, delete_many, mine, put_many
from kagemusha.store.many import among
from kagemusha.store.tables import ATTACHED
from kagemusha.store.work import Known, Work


class ConfigVars(Queries):
    """Config vars, of users and of attachments."""

    def __init__(self, work: Work) -> None:
        """Nothing is known, has changed or is kept back yet."""
        super().__init__(work)
        self._known: Known[records.ConfigVar] = work.remember(Known("app_id", "name"))
        self._changes: dict[int, dict[str, str | None]] = {}
        self._final: dict[tuple[int, str], records.ConfigVar | None] = {}

    def changes(self, app_id: int) -> dict[str, str | None]:
        """What was put, or taken away (None), in the app since it was asked last in this transaction."""
        return self._changes.pop(app_id, {})

    def of_app(self, app_id: int) -> list[records.ConfigVar]:
        """The app's config vars, by name."""
        return list(map(records.ConfigVar._make, self._rows(_VARS_OF_APP, by_app_id=app_id)))

    def of_addon(self, addon_id: int) -> list[records.ConfigVar]:
        """What the add-on's attachments give, in all apps."""
        found = [records.ConfigVar(*row) for row in self._rows(_VARS_OF_ADDON, addon_id=addon_id) if row[1]]
        return sorted(found, key=attrgetter("app_id", "name"))

    def of_attachments(self, ids: Iterable[int]) -> list[records.ConfigVar]:
        """What these attachments give, in all apps."""
        wanted = sorted(set(ids))
        self.load(wanted)
        found = [var for number in wanted for var in self._known.among("attachment_id", number)]
        return sorted(found, key=attrgetter("app_id", "name"))

    def load(self, ids: Iterable[int]) -> None:
        """Read at once what these attachments give: see `Things.load`."""
        unknown = {number for number in ids if not self._known.has("attachment_id", number)}
        if unknown:
            found = map(records.ConfigVar._make, self._rows(_VARS_OF_ATTACHMENTS, ids=sorted(unknown)))
            self._known.learn("attachment_id", unknown, found)

    def given(self, attachment: records.Attachment, name: str) -> records.ConfigVar | None:
        """The variable of this name that the attachment gives."""
        if not self._known.has("attachment_id", attachment.id):
            self.load([attachment.id])
        var = self._known.get((attachment.app_id, name))
        return var if var is not None and var.attachment_id == attachment.id else None

    def names_by_attachment(self, ids: Iterable[int]) -> dict[int, list[str]]:
        """The names that each of these attachments gives, sorted."""
        return self._names(_VAR_NAMES, ids)

    def names_by_addon(self, ids: Iterable[int]) -> dict[int, list[str]]:
        """The names that each of these add-ons gives to the app that pays for it, sorted."""
        return self._names(_OWN_VAR_NAMES, ids)

    def _names(self, statement: Select[Any], ids: Iterable[int]) -> dict[int, list[str]]:
        names: dict[int, list[str]] = {}
        wanted = sorted(set(ids))
        found = [(owner, name) for owner, name in self._rows(statement, ids=wanted) if name] if wanted else []
        for owner, name in sorted(found):
            names.setdefault(owner, []).append(name)
        return names

    def put(self, variables: Iterable[records.ConfigVar]) -> None:
        """Set these, replacing what had their names."""
        for var in variables:
            self._known.put(var)
            self._end((var.app_id, var.name), var, var.value)

    def delete(self, app_id: int, names: Iterable[str]) -> None:
        """Take these variables away."""
        for name in names:
            self._known.drop((app_id, name))
            self._end((app_id, name), None, None)

    def _end(self, key: tuple[int, str], var: records.ConfigVar | None, value: str | None) -> None:
        self._final[key] = var
        self._changes.setdefault(key[0], {})[key[1]] = value
        self._work.keep(self._send)

    def _send(self) -> None:
        gone = ({"by_app_id": app_id, "by_name": name} for (app_id, name), var in self._final.items() if var is None)
        self._send_many(_DELETE_VARS, gone)
        self._send_many(_PUT_VARS, (_PUT_VARS.parameters(var) for var in self._final.values() if var is not None))
        self._final.clear()

    def delete_of_app(self, app_id: int) -> None:
        """Take all variables of the app away."""
        self._execute(_DELETE_VARS_OF_APP, by_app_id=app_id)


_V = models.config_vars
_VAR = select(_V.c.app_id, _V.c.name, _V.c.value, _V.c.attachment_id).where(mine(_V))
_VARS_OF_APP = _VAR.where(by(_V, "app_id")).order_by(_V.c.name)
_OF_ATTACHMENT = (models.attachments.c.sandbox_id == _V.c.sandbox_id) & (models.attachments.c.id == _V.c.attachment_id)
# Outer joins, here and below, since SQLite follows them in the order written, and would else begin with all variables.
_VARS_OF_ADDON = (
    select(_V.c.app_id, _V.c.name, _V.c.value, _V.c.attachment_id)
    .select_from(models.attachments)
    .outerjoin(_V, _OF_ATTACHMENT)
    .where(mine(models.attachments), models.attachments.c.addon_id == bindparam("addon_id"))
)
_VAR_NAMES = select(_V.c.attachment_id, _V.c.name).where(mine(_V), among(_V.c.attachment_id))
_OWN_VAR_NAMES = (
    select(models.addons.c.id, _V.c.name)
    .select_from(models.addons)
    .outerjoin(models.attachments, ATTACHED & (models.attachments.c.app_id == models.addons.c.app_id))
    .outerjoin(_V, _OF_ATTACHMENT)
    .where(mine(models.addons), among(models.addons.c.id))
)
_VARS_OF_ATTACHMENTS = _VAR.where(among(_V.c.attachment_id))
_PUT_VARS = put_many(_V, ["app_id", "name", "value", "attachment_id"], replacing=True)
_DELETE_VARS = delete_many(_V, ["app_id", "name"])
_DELETE_VARS_OF_APP = delete(_V).where(mine(_V), by(_V, "app_id"))


class Releases(Things[records.Release]):
    """Releases, by app and version."""

    table = models.releases
    record = records.Release
    identities = ("uuid",)
    key = ("app_id", "version")

    def __init__(self, work: Work) -> None:
        """Nothing is kept back yet."""
        super().__init__(work)
        self._made: list[dict[str, Any]] = []

    def insert(self, row: records.Release) -> None:
        """Add a release."""
        self._made.append(self._insert().parameters(row))
        self._work.keep(self._send)
        self._known.put(row)

    def _send(self) -> None:
        self._send_many(self._insert(), self._made)
        self._made.clear()

    def upto(self, app_id: int, version: int) -> list[records.Release]:
        """The app's releases up to this version, oldest first."""
        return self._all(_RELEASES_UPTO, by_app_id=app_id, version=version)

    def delete_of_app(self, app_id: int) -> None:
        """Forget the app's releases."""
        self._execute(_DELETE_RELEASES, by_app_id=app_id)


_RELEASES_UPTO = Releases.selection(
    by(models.releases, "app_id"), models.releases.c.version <= bindparam("version")
).order_by(models.releases.c.version)
_DELETE_RELEASES = delete(models.releases).where(mine(models.releases), by(models.releases, "app_id"))
