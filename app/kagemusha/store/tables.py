"""The queries of each kind of thing. What all have (get, find, insert, delete, page) is in `base`."""

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from kagemusha.domain.states import LIVE_ENDPOINT_STATES, AllowedAccountState, PrivatelinkState
from kagemusha.store import models, records
from kagemusha.store.base import Things, by, change_many, mine
from kagemusha.store.many import among
from kagemusha.store.work import Work


class Spaces(Things[records.Space]):
    """Spaces."""

    table = models.spaces
    record = records.Space

    def rename(self, space_id: int, name: str, at: int) -> None:
        """Give the space another name."""
        self._execute(_SPACE_RENAMED, by_id=space_id, new_name=name, new_updated_at=at)

    def by_ids(self, ids: Iterable[int]) -> dict[int, records.Space]:
        """The spaces with these ids, by id."""
        return {space.id: space for space in self.load("id", ids)}


_SPACE_RENAMED = Spaces.change("name", "updated_at")


class Apps(Things[records.App]):
    """Apps."""

    table = models.apps
    record = records.App
    groups = ("space_id",)

    def __init__(self, work: Work) -> None:
        """Nothing is kept back yet."""
        super().__init__(work)
        self._released: dict[int, dict[str, int]] = {}

    def by_ids(self, ids: Iterable[int]) -> dict[int, records.App]:
        """The apps with these ids, by id."""
        return {app.id: app for app in self.load("id", ids)}

    def any_in_space(self, space_id: int) -> bool:
        """Whether an app lives in the space."""
        return self._one(_APPS_IN_SPACE, by_space_id=space_id) is not None

    def of_space(self, space_id: int) -> list[records.App]:
        """The apps that live in the space, oldest first."""
        return self._with("space_id", space_id)

    def change_to(self, app: records.App, at: int) -> None:
        """Give the app's row all of `app` that can be changed."""
        new = {f"new_{name}": getattr(app, name) for name in _CHANGEABLE}
        self._execute(_APP_CHANGED, by_id=app.id, new_updated_at=at, **new)

    def released(self, app_id: int, version: int, at: int) -> None:
        """Note the app's newest release."""
        new = {"new_release_version": version, "new_released_at": at, "new_updated_at": at}
        self._released[app_id] = {"by_id": app_id, **new}
        self._work.keep(self._send)
        app = self._known.get(app_id)
        if app is not None:
            self._known.put(app._replace(release_version=version, released_at=at, updated_at=at))

    def _send(self) -> None:
        self._send_many(_RELEASED, self._released.values())
        self._released.clear()


_APPS_IN_SPACE = Apps.selection(by(models.apps, "space_id")).limit(1)
_CHANGEABLE = ("name", "stack", "locked", "in_team", "maintenance", "acm", "buildpacks")
_APP_CHANGED = Apps.change(*_CHANGEABLE, "updated_at")
_RELEASED = change_many(models.apps, ["id"], ["release_version", "released_at", "updated_at"])


class Addons(Things[records.Addon]):
    """Add-ons."""

    table = models.addons
    record = records.Addon
    groups = ("app_id",)

    def __init__(self, work: Work) -> None:
        """Nothing is kept back yet."""
        super().__init__(work)
        self._plans: dict[int, list[str]] = work.remember({})
        self._touched: dict[int, dict[str, int]] = {}

    def of_app(self, app_id: int) -> list[records.Addon]:
        """The add-ons that the app pays for, oldest first."""
        return self._with("app_id", app_id)

    def by_ids(self, ids: Iterable[int]) -> dict[int, records.Addon]:
        """The add-ons with these ids, by id."""
        return {addon.id: addon for addon in self.load("id", ids)}

    def plans_attached_to(self, app_id: int) -> list[str]:
        """The plans of the add-ons attached to the app, each once, in order."""
        self.load_plans([app_id])
        return self._plans[app_id]

    def load_plans(self, app_ids: Iterable[int]) -> None:
        """Read at once which plans are attached to each of these apps."""
        unknown = sorted({app_id for app_id in app_ids if app_id not in self._plans})
        found = self._rows(_PLANS_OF_APPS, ids=unknown) if unknown else ()
        self._plans |= {app_id: [] for app_id in unknown}
        for app_id, plan in found:
            self._plans[app_id].append(plan)

    def change_to(self, addon_id: int, name: str, plan: str, at: int) -> None:
        """Give the add-on another name, or another plan."""
        self._execute(_ADDON_CHANGED, by_id=addon_id, new_name=name, new_plan=plan, new_updated_at=at)

    def touch(self, addon_id: int, at: int) -> None:
        """Note that the add-on changed."""
        self._touched[addon_id] = {"by_id": addon_id, "new_updated_at": at}
        self._work.keep(self._send)
        addon = self._known.get(addon_id)
        if addon is not None:
            self._known.put(addon._replace(updated_at=at))

    def _send(self) -> None:
        self._send_many(_TOUCHED, self._touched.values())
        self._touched.clear()

    def configure(self, addon_id: int, settings: str) -> None:
        """Replace the add-on's settings, a JSON document."""
        self._execute(_ADDON_CONFIGURED, by_id=addon_id, new_settings=settings)

    def rotate(self, addon_id: int, credential_version: int) -> None:
        """Give the add-on another user and password."""
        self._execute(_ADDON_ROTATED, by_id=addon_id, new_credential_version=credential_version)


_ADDON_CHANGED = Addons.change("name", "plan", "updated_at")
_TOUCHED = change_many(models.addons, ["id"], ["updated_at"])
_ADDON_CONFIGURED = Addons.change("settings")
_ADDON_ROTATED = Addons.change("credential_version")
ATTACHED = (models.attachments.c.sandbox_id == models.addons.c.sandbox_id) & (
    models.attachments.c.addon_id == models.addons.c.id
)
_PLANS_OF_APPS = (
    select(models.attachments.c.app_id, models.addons.c.plan)
    .join(models.attachments, ATTACHED)
    .where(mine(models.addons), among(models.attachments.c.app_id))
    .distinct()
    .order_by(models.addons.c.plan)
)


class Attachments(Things[records.Attachment]):
    """Attachments. Their names are unique in an app only, so `find` is by id."""

    table = models.attachments
    record = records.Attachment
    identities = ("uuid",)
    groups = ("addon_id", "app_id")

    def of_addon(self, addon_id: int) -> list[records.Attachment]:
        """The add-on's attachments, oldest first."""
        return self._with("addon_id", addon_id)

    def of_app(self, app_id: int) -> list[records.Attachment]:
        """The app's attachments, oldest first."""
        return self._with("app_id", app_id)

    def named(self, name: str) -> list[records.Attachment]:
        """The attachments with this name, in all apps."""
        return self._oldest_first(_ATTACHMENTS_NAMED, by_name=name)

    def giving(self, variable: str) -> list[records.Attachment]:
        """The attachments that give a config var of this name, in all apps."""
        return self._oldest_first(_ATTACHMENTS_GIVING, variable=variable)

    def in_app(self, app_id: int, name: str) -> records.Attachment | None:
        """The app's attachment with this name."""
        return self._one(_ATTACHMENT_IN_APP, by_app_id=app_id, by_name=name)


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
    groups = ("addon_id",)

    def of_addon(self, addon_id: int) -> records.Privatelink | None:
        """The add-on's privatelink: it has one at most."""
        return next(iter(self._with("addon_id", addon_id)), None)

    def open_to(self, arns: Iterable[str]) -> list[tuple[records.Privatelink, records.Addon]]:
        """The operational links that allow one of these principals, with their add-ons, oldest first."""
        found = {
            (records.Privatelink(*row[:_TO_ADDON]), records.Addon(*row[_TO_ADDON:]))
            for row in self._execute(_LINKS_OPEN_TO, arns=sorted(arns))
        }
        return sorted(found, key=lambda each: each[0].id)


_IS_LINK_OF = (models.privatelinks.c.sandbox_id == models.addons.c.sandbox_id) & (
    models.privatelinks.c.addon_id == models.addons.c.id
)
_TO_ADDON = len(Privatelinks.columns())
_ALLOWS = (models.allowed_accounts.c.sandbox_id == models.privatelinks.c.sandbox_id) & (
    models.allowed_accounts.c.privatelink_id == models.privatelinks.c.id
)
_LINKS_OPEN_TO = (
    select(*Privatelinks.columns(), *Addons.columns())
    .select_from(models.allowed_accounts)
    .join(models.privatelinks, _ALLOWS)
    .join(models.addons, _IS_LINK_OF)
    .where(
        mine(models.allowed_accounts),
        models.allowed_accounts.c.arn.in_(bindparam("arns", expanding=True)),
        models.allowed_accounts.c.state == str(AllowedAccountState.ACTIVE),
        models.privatelinks.c.state == str(PrivatelinkState.OPERATIONAL),
    )
)


class AllowedAccounts(Things[records.AllowedAccount]):
    """Allowed accounts."""

    table = models.allowed_accounts
    record = records.AllowedAccount
    identities = ("uuid",)
    groups = ("privatelink_id",)

    def of_link(self, privatelink_id: int) -> list[records.AllowedAccount]:
        """The link's accounts, in the order in which they were added."""
        return self._with("privatelink_id", privatelink_id)


class Endpoints(Things[records.Endpoint]):
    """Endpoints."""

    table = models.endpoints
    record = records.Endpoint
    identities = ("endpoint_id",)
    groups = ("privatelink_id",)

    def of_link(self, privatelink_id: int) -> list[records.Endpoint]:
        """The link's endpoints in every state, oldest first."""
        return self._with("privatelink_id", privatelink_id)

    def live_of_link(self, privatelink_id: int) -> list[records.Endpoint]:
        """The link's endpoints that have, or may get, a connection, oldest first."""
        return [each for each in self.of_link(privatelink_id) if each.state in LIVE_ENDPOINT_STATES]

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


_ENDPOINTS_IN_VPC = Endpoints.selection(by(models.endpoints, "vpc_id"))
_ENDPOINT_MADE_WITH = Endpoints.selection(
    by(models.endpoints, "owner_account_id"), by(models.endpoints, "client_token")
)
_DESCRIBED = ("availability_zone_ids", "subnets", "security_group_ids", "tags")
_ENDPOINT_DESCRIBED = Endpoints.change(*_DESCRIBED)
