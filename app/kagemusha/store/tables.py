"""The queries of each kind of thing. What all have (get, find, insert, delete, page) is in `base`."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, bindparam, delete, or_, select

from kagemusha.domain.states import LIVE_ENDPOINT_STATES, EndpointState
from kagemusha.store import models, records
from kagemusha.store.base import Things, by, mine

IDS: BindParameter[Any] = bindparam("ids", expanding=True)


class Spaces(Things[records.Space]):
    """Spaces."""

    table = models.spaces
    record = records.Space

    def rename(self, space_id: int, name: str, at: int) -> None:
        """Give the space another name."""
        self._execute(_SPACE_RENAMED, by_id=space_id, new_name=name, new_updated_at=at)


_SPACE_RENAMED = Spaces.change("name", "updated_at")


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

    def of_space(self, space_id: int) -> list[records.App]:
        """The apps that live in the space, oldest first."""
        return self._oldest_first(_APPS_OF_SPACE, by_space_id=space_id)

    def change_to(self, app: records.App, at: int) -> None:
        """Give the app's row the name, stack, lock and owner of `app`."""
        new = {"new_name": app.name, "new_stack": app.stack, "new_locked": app.locked, "new_in_team": app.in_team}
        self._execute(_APP_CHANGED, by_id=app.id, new_updated_at=at, **new)

    def released(self, app_id: int, version: int, at: int) -> None:
        """Note the app's newest release."""
        new = {"new_release_version": version, "new_released_at": at, "new_updated_at": at}
        self._execute(_APP_RELEASED, by_id=app_id, **new)


_APPS_BY_IDS = Apps.selection(models.apps.c.id.in_(IDS))
_APPS_IN_SPACE = Apps.selection(by(models.apps, "space_id")).limit(1)
_APPS_OF_SPACE = Apps.selection(by(models.apps, "space_id"))
_APP_CHANGED = Apps.change("name", "stack", "locked", "in_team", "updated_at")
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

    def change_to(self, addon_id: int, name: str, plan: str, at: int) -> None:
        """Give the add-on another name, or another plan."""
        self._execute(_ADDON_CHANGED, by_id=addon_id, new_name=name, new_plan=plan, new_updated_at=at)

    def touch(self, addon_id: int, at: int) -> None:
        """Note that the add-on changed."""
        self._execute(_ADDON_TOUCHED, by_id=addon_id, new_updated_at=at)

    def configure(self, addon_id: int, config: str) -> None:
        """Replace the add-on's config, a JSON document."""
        self._execute(_ADDON_CONFIGURED, by_id=addon_id, new_config=config)

    def rotate(self, addon_id: int, credential_version: int) -> None:
        """Give the add-on another user and password."""
        self._execute(_ADDON_ROTATED, by_id=addon_id, new_credential_version=credential_version)


_ADDONS_OF_APP = Addons.selection(by(models.addons, "app_id"))
_ADDONS_BY_IDS = Addons.selection(models.addons.c.id.in_(IDS))
_ADDON_CHANGED = Addons.change("name", "plan", "updated_at")
_ADDON_TOUCHED = Addons.change("updated_at")
_ADDON_CONFIGURED = Addons.change("config")
_ADDON_ROTATED = Addons.change("credential_version")
ATTACHED = (models.attachments.c.sandbox_id == models.addons.c.sandbox_id) & (
    models.attachments.c.addon_id == models.addons.c.id
)
_PLANS_OF_APP = (
    select(models.addons.c.plan)
    .join(models.attachments, ATTACHED)
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

    def in_vpc(self, vpc_id: str) -> list[records.Endpoint]:
        """The VPC's endpoints in every state, oldest first."""
        return self._oldest_first(_ENDPOINTS_IN_VPC, by_vpc_id=vpc_id)

    def made_with(self, owner_account_id: str, client_token: str) -> records.Endpoint | None:
        """The endpoint that the account made with this token."""
        return self._one(_ENDPOINT_MADE_WITH, by_owner_account_id=owner_account_id, by_client_token=client_token)

    def describe(self, endpoint: records.Endpoint) -> None:
        """Keep what EC2 can change of an endpoint."""
        new = {f"new_{name}": getattr(endpoint, name) for name in _DESCRIBED}
        self._execute(_ENDPOINT_DESCRIBED, by_id=endpoint.id, **new)


_ENDPOINTS_OF_LINK = Endpoints.selection(by(models.endpoints, "privatelink_id"))
_ENDPOINTS_IN_VPC = Endpoints.selection(by(models.endpoints, "vpc_id"))
_ENDPOINT_MADE_WITH = Endpoints.selection(
    by(models.endpoints, "owner_account_id"), by(models.endpoints, "client_token")
)
_DESCRIBED = ("availability_zone_ids", "subnets", "security_group_ids", "tags")
_ENDPOINT_DESCRIBED = Endpoints.change(*_DESCRIBED)
_ENDPOINTS_IN = _ENDPOINTS_OF_LINK.where(models.endpoints.c.state.in_(bindparam("states", expanding=True)))


class Releases(Things[records.Release]):
    """Releases, by app and version."""

    table = models.releases
    record = records.Release
    identities = ("uuid",)
    key = ("app_id", "version")

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
