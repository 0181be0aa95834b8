"""Config vars, and the settings that are kept among them."""

import json
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Select, bindparam, delete, select

from kagemusha.store import models, records
from kagemusha.store.base import Queries, by, mine
from kagemusha.store.tables import ATTACHED, IDS


class ConfigVars(Queries):
    """Config vars, of users and of attachments."""

    def __init__(self, connection: Connection, sandbox_id: int) -> None:
        """Bind the world; nothing has changed yet."""
        super().__init__(connection, sandbox_id)
        self._changes: dict[int, dict[str, str | None]] = {}

    def changes(self, app_id: int) -> dict[str, str | None]:
        """What was put, or taken away (None), in the app since it was asked last in this transaction."""
        return self._changes.pop(app_id, {})

    def of_app(self, app_id: int) -> list[records.ConfigVar]:
        """The app's config vars, by name."""
        return [records.ConfigVar(*row) for row in self._rows(_VARS_OF_APP, by_app_id=app_id)]

    def of_addon(self, addon_id: int) -> list[records.ConfigVar]:
        """What the add-on's attachments give, in all apps."""
        found = [records.ConfigVar(*row) for row in self._rows(_VARS_OF_ADDON, addon_id=addon_id) if row[1]]
        return sorted(found, key=attrgetter("app_id", "name"))

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
        rows: list[dict[str, Any]] = [
            {"app_id": var.app_id, "name": var.name, "value": var.value, "attachment_id": var.attachment_id}
            for var in variables
        ]
        if rows:
            keys = [{"by_app_id": row["app_id"], "by_name": row["name"]} for row in rows]
            self._execute_many(_DELETE_VAR, keys)
            self._insert_many(_INSERT_VAR, rows)
        for row in rows:
            self._changes.setdefault(row["app_id"], {})[row["name"]] = row["value"]

    def delete(self, app_id: int, names: Iterable[str]) -> None:
        """Take these variables away."""
        gone = list(names)
        if gone:
            self._execute_many(_DELETE_VAR, [{"by_app_id": app_id, "by_name": name} for name in gone])
            self._changes.setdefault(app_id, {}).update(dict.fromkeys(gone))

    def delete_of_app(self, app_id: int) -> None:
        """Take all variables of the app away."""
        self._execute(_DELETE_VARS_OF_APP, by_app_id=app_id)


class AppSettings(Queries):
    """What an app is told beside its config: a JSON object in a row of its own, under a name that no config var has."""

    def of_apps(self, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """The settings of each of these apps that has any."""
        wanted = sorted(set(ids))
        found = self._execute(_SETTINGS_OF_APPS, ids=wanted) if wanted else ()
        return {app_id: json.loads(value) for app_id, value in found}

    def put(self, app_id: int, settings: dict[str, Any]) -> None:
        """Keep these instead of what the app had."""
        self._execute_many(_DELETE_VAR, [{"by_app_id": app_id, "by_name": _SETTINGS}])
        row = {"app_id": app_id, "name": _SETTINGS, "value": json.dumps(settings, sort_keys=True)}
        self._insert_many(_INSERT_VAR, [row | {"attachment_id": None}])


_SETTINGS = ""
_V = models.config_vars
_VAR = select(_V.c.app_id, _V.c.name, _V.c.value, _V.c.attachment_id).where(mine(_V))
_VARS_OF_APP = _VAR.where(by(_V, "app_id"), _V.c.name != _SETTINGS).order_by(_V.c.name)
_OF_ATTACHMENT = (models.attachments.c.sandbox_id == _V.c.sandbox_id) & (models.attachments.c.id == _V.c.attachment_id)
# Outer joins, here and below, since SQLite follows them in the order written, and would else begin with all variables.
_VARS_OF_ADDON = (
    select(_V.c.app_id, _V.c.name, _V.c.value, _V.c.attachment_id)
    .select_from(models.attachments)
    .outerjoin(_V, _OF_ATTACHMENT)
    .where(mine(models.attachments), models.attachments.c.addon_id == bindparam("addon_id"))
)
_SETTINGS_OF_APPS = select(_V.c.app_id, _V.c.value).where(mine(_V), _V.c.app_id.in_(IDS), _V.c.name == _SETTINGS)
_VAR_NAMES = select(_V.c.attachment_id, _V.c.name).where(mine(_V), _V.c.attachment_id.in_(IDS))
_OWN_VAR_NAMES = (
    select(models.addons.c.id, _V.c.name)
    .select_from(models.addons)
    .outerjoin(models.attachments, ATTACHED & (models.attachments.c.app_id == models.addons.c.app_id))
    .outerjoin(_V, _OF_ATTACHMENT)
    .where(mine(models.addons), models.addons.c.id.in_(IDS))
)
_INSERT_VAR = _V.insert()
_DELETE_VAR = delete(_V).where(mine(_V), by(_V, "app_id"), by(_V, "name"))
_DELETE_VARS_OF_APP = delete(_V).where(mine(_V), by(_V, "app_id"))
