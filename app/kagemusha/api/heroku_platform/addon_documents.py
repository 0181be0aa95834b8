"""The documents of add-ons, their services and plans, field by field as the published schema has them."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from kagemusha.api.documents import Moment, Uri, Uuid, document
from kagemusha.api.heroku_platform.documents import Reference
from kagemusha.domain.states import AddonState


@document
class AddonService(TypedDict):
    """An add-on service."""

    cli_plugin_name: str | None
    created_at: Moment
    human_name: str
    id: Uuid
    name: str
    state: Literal["alpha", "beta", "ga", "shutdown"]
    supported_generations: list[Reference]
    supports_multiple_installations: bool
    supports_sharing: bool
    updated_at: Moment


@document
class Price(TypedDict):
    """What a plan costs."""

    cents: int
    contract: bool
    metered: bool
    unit: str


@document
class Plan(TypedDict):
    """A plan."""

    addon_service: Reference
    compliance: list[Literal["HIPAA", "PCI"]] | None
    created_at: Moment
    default: bool
    description: str
    human_name: str
    id: Uuid
    installable_inside_private_network: bool
    installable_outside_private_network: bool
    name: str
    price: Price
    space_default: bool
    state: str
    updated_at: Moment
    visible: bool


@document
class BillingEntity(TypedDict):
    """Who pays for an add-on."""

    id: Uuid
    name: str
    type: Literal["app", "team"]


@document
class Addon(TypedDict):
    """An add-on; `addon_service` and `plan` are whole with ``Accept-Expansion: addon_service,plan``."""

    actions: list[dict[str, Any]]
    addon_service: Reference | AddonService
    app: Reference
    billed_price: Price | None
    billing_entity: BillingEntity
    config_vars: list[str]
    created_at: Moment
    id: Uuid
    name: str
    plan: Reference | Plan
    provider_id: str
    provision_message: str
    state: AddonState
    updated_at: Moment
    web_url: Uri | None


@document
class AddonConfig(TypedDict):
    """A variable of an add-on's config."""

    name: str
    value: str | None


@document
class AttachedAddon(TypedDict):
    """The add-on of an attachment; `plan` with ``Accept-Inclusion: addon:plan``."""

    app: Reference
    id: Uuid
    name: str
    plan: NotRequired[Reference]


@document
class AddonAttachment(TypedDict):
    """An attachment; `config_vars` with ``Accept-Inclusion: config_vars``."""

    addon: AttachedAddon
    app: Reference
    config_vars: NotRequired[list[str]]
    created_at: Moment
    id: Uuid
    log_input_url: str | None
    name: str
    namespace: str | None
    updated_at: Moment
    web_url: Uri | None
