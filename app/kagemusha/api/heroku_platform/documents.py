"""The documents of the Platform API, field by field as its published schema has them."""

from typing import Annotated, Literal

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from kagemusha.api.documents import Email, Moment, Uri, Uuid, document
from kagemusha.domain.states import SpaceState

Ipv4 = Annotated[str, WithJsonSchema({"type": "string", "format": "ipv4"})]
ConfigVars = dict[str, str]
"""Config vars by name."""


@document
class Reference(TypedDict):
    """A thing that has a document of its own."""

    id: Uuid
    name: str


@document
class Named(TypedDict):
    """A thing by its name alone."""

    name: str


@document
class User(TypedDict):
    """An account, where another document names it."""

    email: Email
    id: Uuid


@document
class Account(TypedDict):
    """Who is calling."""

    acknowledged_msa: bool
    acknowledged_msa_at: Moment | None
    allow_tracking: bool
    beta: bool
    country_of_residence: str | None
    created_at: Moment
    default_organization: Reference | None
    default_team: Reference | None
    delinquent_at: Moment | None
    eco_dynos_enabled: bool
    eco_dynos_shutdown_at: Moment | None
    email: Email
    federated: bool
    id: Uuid
    identity_provider: Reference | None
    italian_customer_terms: str | None
    italian_partner_terms: str | None
    last_login: Moment | None
    mfa_enabled: bool
    mfa_exemption: bool
    mfa_exemption_reason: str | None
    mfa_experience: Literal["vaas", "legacy"]
    name: str | None
    pipeline_cost_consent_at: Moment | None
    sms_number: str | None
    suspended_at: Moment | None
    two_factor_authentication: bool
    updated_at: Moment
    verified: bool


@document
class Team(TypedDict):
    """A team."""

    created_at: Moment
    credit_card_collections: bool
    default: bool
    enterprise_account: Reference | None
    id: Uuid
    identity_provider: Reference | None
    membership_limit: int | None
    name: str
    pipeline_cost_consent_at: Moment | None
    pipeline_cost_consent_user_email: Email | None
    provisioned_licenses: bool
    role: Literal["admin", "collaborator", "member", "owner"] | None
    type: Literal["enterprise", "team"]
    updated_at: Moment


@document
class Provider(TypedDict):
    """Where a region runs."""

    name: str
    region: str


@document
class Region(TypedDict):
    """A region."""

    country: str
    created_at: Moment
    description: str
    id: Uuid
    locale: str
    name: str
    private_capable: bool
    provider: Provider
    updated_at: Moment


@document
class Space(TypedDict):
    """A space; `region` is whole with ``Accept-Expansion: region``."""

    cidr: str
    created_at: Moment
    data_cidr: str
    generation: str
    id: Uuid
    name: str
    organization: Named
    region: Reference | Region
    shield: bool
    state: SpaceState
    team: Reference
    updated_at: Moment


@document
class SpaceNat(TypedDict):
    """The outbound addresses of a space."""

    created_at: Moment
    sources: list[Ipv4]
    state: Literal["disabled", "updating", "enabled"]
    updated_at: Moment


@document
class TopologyApp(TypedDict):
    """An app of a space, and what runs in it: nothing."""

    id: Uuid
    domains: list[str]
    formation: list[dict[str, str]]


@document
class SpaceTopology(TypedDict):
    """The apps of a space."""

    version: int
    apps: list[TopologyApp]


@document
class AppSpace(TypedDict):
    """An app's space."""

    id: Uuid
    name: str
    shield: bool


@document
class CommonApp(TypedDict):
    """What an app and a team's app have in common."""

    archived_at: Moment | None
    base_image_name: str | None
    build_stack: Reference
    buildpack_provided_description: str | None
    buildpacks: list[dict[str, str]] | None
    created_at: Moment
    current_build_architecture: list[str]
    generation: str
    git_url: str
    id: Uuid
    internal_routing: bool | None
    maintenance: bool
    name: str
    owner: User
    region: Reference
    released_at: Moment | None
    repo_size: int | None
    slug_size: int | None
    stack: Reference
    updated_at: Moment
    web_url: Uri | None


@document
class App(CommonApp):
    """An app."""

    acm: bool
    organization: Reference | None
    space: AppSpace | None
    team: Reference | None


@document
class TeamApp(CommonApp):
    """An app as the routes under /teams show it."""

    joined: bool
    locked: bool
    space: Reference | None
    team: Named | None


@document
class Release(TypedDict):
    """A release."""

    addon_plan_names: list[str]
    app: Reference
    artifacts: list[dict[str, str]]
    created_at: Moment
    current: bool
    description: str
    eligible_for_rollback: bool
    id: Uuid
    oci_image: dict[str, str] | None
    output_stream_url: str | None
    slug: dict[str, str] | None
    status: Literal["expired", "failed", "pending", "succeeded"]
    updated_at: Moment
    user: User
    version: int
