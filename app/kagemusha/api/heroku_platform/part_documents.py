"""The documents of what belongs to apps, teams and accounts, field by field as the published schema has them."""

from typing import Literal

from typing_extensions import TypedDict

from kagemusha.api.documents import Email, Moment, Uuid, document
from kagemusha.api.heroku_platform.documents import Reference, User

Role = Literal["admin", "collaborator", "member", "owner"] | None


@document
class Permission(TypedDict):
    """What somebody may do with a team's app."""

    name: str
    description: str


@document
class Buildpack(TypedDict):
    """A buildpack."""

    url: str
    name: str


@document
class BuildpackInstallation(TypedDict):
    """A buildpack that an app is to be built with."""

    ordinal: int
    buildpack: Buildpack


@document
class CollaboratingUser(TypedDict):
    """Who has access to an app."""

    email: Email
    federated: bool
    id: Uuid


@document
class Collaborator(TypedDict):
    """Somebody's access to an app."""

    app: Reference
    created_at: Moment
    id: Uuid
    permissions: list[Permission]
    role: Role
    updated_at: Moment
    user: CollaboratingUser


@document
class DynoRelease(TypedDict):
    """The release that a dyno runs."""

    id: Uuid
    version: int


@document
class Dyno(TypedDict):
    """A running process."""

    app: Reference
    attach_url: str | None
    command: str
    created_at: Moment
    id: Uuid
    name: str
    release: DynoRelease
    size: str
    state: str
    type: str
    updated_at: Moment


@document
class Formation(TypedDict):
    """A kind of process, and how many of it run."""

    app: Reference
    command: str
    created_at: Moment
    dyno_size: Reference
    id: Uuid
    quantity: int
    size: str
    type: str
    updated_at: Moment


@document
class Id(TypedDict):
    """A thing by its id alone."""

    id: Uuid


@document
class PipelineCoupling(TypedDict):
    """An app's place in a pipeline."""

    app: Id
    created_at: Moment
    id: Uuid
    pipeline: Id
    stage: Literal["test", "review", "development", "staging", "production"]
    updated_at: Moment


@document
class MemberUser(TypedDict):
    """The account of a member."""

    email: Email
    id: Uuid
    name: str | None


@document
class TeamMember(TypedDict):
    """A member of a team."""

    created_at: Moment
    email: Email
    federated: bool
    id: Uuid
    identity_provider: Reference | None
    role: Role
    two_factor_authentication: bool
    updated_at: Moment
    user: MemberUser


@document
class TeamFeature(TypedDict):
    """A feature that a team can switch on."""

    created_at: Moment
    description: str
    display_name: str
    doc_url: str
    enabled: bool
    feedback_email: str
    id: Uuid
    name: str
    state: str
    updated_at: Moment


@document
class RateLimit(TypedDict):
    """How many requests are left."""

    remaining: int


@document
class AccessToken(TypedDict):
    """A key."""

    expires_in: int | None
    id: Uuid
    token: str


@document
class AuthorizationUser(User):
    """Whose an authorization is."""

    full_name: str | None


@document
class Authorization(TypedDict):
    """What a key stands for."""

    access_token: AccessToken | None
    client: Reference | None
    created_at: Moment
    description: str
    grant: Id | None
    id: Uuid
    refresh_token: AccessToken | None
    scope: list[str]
    session: Id | None
    updated_at: Moment
    user: AuthorizationUser
