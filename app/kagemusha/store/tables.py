"""The queries of each kind of thing. What all have (get, find, insert, delete, page) is in `base`."""

from collections.abc import Iterable
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, delete, or_, select

from kagemusha.domain.states import LIVE_ENDPOINT_STATES, EndpointState
from kagemusha.store import models, records
from kagemusha.store.base import Queries, Things, by, mine

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)


class Spaces(Things[records.Space]):
    """Spaces."""

    table = models.spaces
    record = records.Space


class Apps(Things[records.App]):
    """Apps."""

    table = models.apps
    record = records.App

    def by_ids(self, ids: Iterable[int]) -> dict[int, records.App]:
        """The apps with these ids, by id."""
        wanted = sorted(set(ids))
        return {app.id: app for app in self._all(_APPS_BY_IDS, ids=wanted)} if wanted else {}

    def any_in_space(self, space_id: int) -> bool:
        """Whether an app lives in the space."""
        return self._one(_APPS_IN_SPACE, by_space_id=space_id) is not None

    def released(self, app_id: int, version: int, at: int) -> None:
        """Note the app's newest release."""
        new = {"new_release_version": version, "new_released_at": at, "new_updated_at": at}
        self._execute(_APP_RELEASED, by_id=app_id, **new)


_APPS_BY_IDS = Apps.selection(models.apps.c.id.in_(_IDS))
_APPS_IN_SPACE = Apps.selection(by(models.apps, "space_id")).limit(1)
_APP_RELEASED = Apps.change("release_version", "released_at", "updated_at")


class Addons(Things[records.Addon]):
    """Add-ons."""

    table = models.addons
    record = records.Addon

    def of_app(self, app_id: int) -> list[records.Addon]:
        """The add-ons that the app pays for, oldest first."""
        return self._oldest_first(_ADDONS_OF_APP, by_app_id=app_id)

    def by_ids(self, ids: Iterable[int]) -> dict[int, records.Addon]:
        """The add-ons with these ids, by id."""
        wanted = sorted(set(ids))
        return {addon.id: addon for addon in self._all(_ADDONS_BY_IDS, ids=wanted)} if wanted else {}

    def plans_attached_to(self, app_id: int) -> list[str]:
        """The plans of the add-ons attached to the app, each once, in order."""
        return [plan for (plan,) in self._rows(_PLANS_OF_APP, app_id=app_id)]

    def touch(self, addon_id: int, at: int) -> None:
        """Note that the add-on changed."""
        self._execute(_ADDON_TOUCHED, by_id=addon_id, new_updated_at=at)


_ADDONS_OF_APP = Addons.selection(by(models.addons, "app_id"))
_ADDONS_BY_IDS = Addons.selection(models.addons.c.id.in_(_IDS))
_ADDON_TOUCHED = Addons.change("updated_at")
_ATTACHED = (models.attachments.c.sandbox_id == models.addons.c.sandbox_id) & (
    models.attachments.c.addon_id == models.addons.c.id
)
_PLANS_OF_APP = (
    select(models.addons.c.plan)
    .join(models.attachments, _ATTACHED)
    .where(mine(models.addons), models.attachments.c.app_id == bindparam("app_id"))
    .distinct()
    .order_by(models.addons.c.plan)
)


class Attachments(Things[records.Attachment]):
    """Attachments. Their names are unique in an app only, so `find` is by id."""

    table = models.attachments
    record = records.Attachment
    identities = ("uuid",)

    def of_addon(self, addon_id: int) -> list[records.Attachment]:
        """The add-on's attachments, oldest first."""
        return self._oldest_first(_ATTACHMENTS_OF_ADDON, by_addon_id=addon_id)

    def of_app(self, app_id: int) -> list[records.Attachment]:
        """The app's attachments, oldest first."""
        return self._oldest_first(_ATTACHMENTS_OF_APP, by_app_id=app_id)

    def named(self, name: str) -> list[records.Attachment]:
        """The attachments with this name, in all apps."""
        return self._oldest_first(_ATTACHMENTS_NAMED, by_name=name)

    def giving(self, variable: str) -> list[records.Attachment]:
        """The attachments that give a config var of this name, in all apps."""
        return self._oldest_first(_ATTACHMENTS_GIVING, variable=variable)

    def in_app(self, app_id: int, name: str) -> records.Attachment | None:
        """The app's attachment with this name."""
        return self._one(_ATTACHMENT_IN_APP, by_app_id=app_id, by_name=name)


_ATTACHMENTS_OF_ADDON = Attachments.selection(by(models.attachments, "addon_id"))
_ATTACHMENTS_OF_APP = Attachments.selection(by(models.attachments, "app_id"))
_ATTACHMENTS_NAMED = Attachments.selection(by(models.attachments, "name"))
_ATTACHMENTS_GIVING = Attachments.selection(models.config_vars.c.name == bindparam("variable")).join(
    models.config_vars,
    (models.config_vars.c.sandbox_id == models.attachments.c.sandbox_id)
    & (models.config_vars.c.attachment_id == models.attachments.c.id),
)
_ATTACHMENT_IN_APP = Attachments.selection(by(models.attachments, "app_id"), by(models.attachments, "name"))


class Privatelinks(Things[records.Privatelink]):
    """Privatelinks, each found by its service's name."""

    table = models.privatelinks
    record = records.Privatelink
    identities = ("service_name",)

    def of_addon(self, addon_id: int) -> records.Privatelink | None:
        """The add-on's privatelink: it has one at most."""
        return self._one(_LINK_OF_ADDON, by_addon_id=addon_id)

    def around(self, identity: str) -> tuple[records.Addon, records.App | None, records.Privatelink | None] | None:
        """The add-on that `Addons.find` finds, with the app that pays for it and its privatelink."""
        found = min(self._rows(_LINK_AROUND, identity=identity), key=itemgetter(0), default=None)
        if found is None:
            return None
        addon, app, link = found[:_TO_APP], found[_TO_APP:_TO_LINK], found[_TO_LINK:]
        return (
            records.Addon(*addon),
            None if app[0] is None else records.App(*app),
            None if link[0] is None else records.Privatelink(*link),
        )


_LINK_OF_ADDON = Privatelinks.selection(by(models.privatelinks, "addon_id"))
_TO_APP = len(Addons.columns())
_TO_LINK = _TO_APP + len(Apps.columns())
_PAYS = (models.apps.c.sandbox_id == models.addons.c.sandbox_id) & (models.apps.c.id == models.addons.c.app_id)
_IS_LINK_OF = (models.privatelinks.c.sandbox_id == models.addons.c.sandbox_id) & (
    models.privatelinks.c.addon_id == models.addons.c.id
)
_LINK_AROUND = (
    select(*Addons.columns(), *Apps.columns(), *Privatelinks.columns())
    .select_from(models.addons)
    .outerjoin(models.apps, _PAYS)
    .outerjoin(models.privatelinks, _IS_LINK_OF)
    .where(
        mine(models.addons),
        or_(models.addons.c.uuid == bindparam("identity"), models.addons.c.name == bindparam("identity")),
    )
)


class AllowedAccounts(Things[records.AllowedAccount]):
    """Allowed accounts."""

    table = models.allowed_accounts
    record = records.AllowedAccount
    identities = ("uuid",)

    def of_link(self, privatelink_id: int) -> list[records.AllowedAccount]:
        """The link's accounts, in the order in which they were added."""
        return self._oldest_first(_ACCOUNTS_OF_LINK, by_privatelink_id=privatelink_id)


_ACCOUNTS_OF_LINK = AllowedAccounts.selection(by(models.allowed_accounts, "privatelink_id"))


class Endpoints(Things[records.Endpoint]):
    """Endpoints."""

    table = models.endpoints
    record = records.Endpoint
    identities = ("endpoint_id",)

    def of_link(self, privatelink_id: int) -> list[records.Endpoint]:
        """The link's endpoints in every state, oldest first."""
        return self._oldest_first(_ENDPOINTS_OF_LINK, by_privatelink_id=privatelink_id)

    def live_of_link(self, privatelink_id: int) -> list[records.Endpoint]:
        """The link's endpoints that have, or may get, a connection, oldest first."""
        states = [str(state) for state in sorted(LIVE_ENDPOINT_STATES)]
        return self._oldest_first(_ENDPOINTS_IN, by_privatelink_id=privatelink_id, states=states)

    def available_of_link(self, privatelink_id: int) -> list[records.Endpoint]:
        """The link's available endpoints, oldest first."""
        return self._oldest_first(
            _ENDPOINTS_IN, by_privatelink_id=privatelink_id, states=[str(EndpointState.AVAILABLE)]
        )


_ENDPOINTS_OF_LINK = Endpoints.selection(by(models.endpoints, "privatelink_id"))
_ENDPOINTS_IN = _ENDPOINTS_OF_LINK.where(models.endpoints.c.state.in_(bindparam("states", expanding=True)))


class Releases(Things[records.Release]):
    """Releases, by app and version."""

    table = models.releases
    record = records.Release
    identities = ("uuid",)
    key = ("app_id", "version")

    def delete_of_app(self, app_id: int) -> None:
        """Forget the app's releases."""
        self._execute(_DELETE_RELEASES, by_app_id=app_id)


_DELETE_RELEASES = delete(models.releases).where(mine(models.releases), by(models.releases, "app_id"))


class ConfigVars(Queries):
    """Config vars, of users and of attachments."""

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

    def delete(self, app_id: int, names: Iterable[str]) -> None:
        """Take these variables away."""
        keys = [{"by_app_id": app_id, "by_name": name} for name in names]
        if keys:
            self._execute_many(_DELETE_VAR, keys)

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
_VAR_NAMES = select(_V.c.attachment_id, _V.c.name).where(mine(_V), _V.c.attachment_id.in_(_IDS))
_OWN_VAR_NAMES = (
    select(models.addons.c.id, _V.c.name)
    .select_from(models.addons)
    .outerjoin(models.attachments, _ATTACHED & (models.attachments.c.app_id == models.addons.c.app_id))
    .outerjoin(_V, _OF_ATTACHMENT)
    .where(mine(models.addons), models.addons.c.id.in_(_IDS))
)
_INSERT_VAR = _V.insert()
_DELETE_VAR = delete(_V).where(mine(_V), by(_V, "app_id"), by(_V, "name"))
_DELETE_VARS_OF_APP = delete(_V).where(mine(_V), by(_V, "app_id"))
