"""The documents of `data:maintenances`."""

from typing import Literal

from typing_extensions import TypedDict

from kagemusha.api.documents import Moment, Uuid, document


@document
class MaintainedAddon(TypedDict):
    """An add-on, as its maintenance shows it."""

    attachments: list[str]
    kind: str
    name: str
    plan: str
    uuid: Uuid
    window: str | None


@document
class MaintainedApp(TypedDict):
    """The app that pays for it."""

    name: str
    uuid: Uuid


@document
class Maintenance(TypedDict):
    """The most recent maintenance of an add-on: there never was any."""

    addon: MaintainedAddon
    app: MaintainedApp
    completed_at: None
    duration_seconds: None
    method: str
    previously_scheduled_for: None
    reason: str
    required_by: None
    scheduled_for: None
    server_created_at: Moment
    started_at: None
    status: Literal["none"]
    window: str | None


@document
class Maintenances(TypedDict):
    """Those of an app's data add-ons."""

    maintenances: list[Maintenance]
