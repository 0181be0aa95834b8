"""The documents of the Data API."""

from typing import Literal

from typing_extensions import TypedDict

from kagemusha.api.documents import Uuid, document
from kagemusha.domain.states import AllowedAccountState, EndpointState, PrivatelinkState

ConnectionStatus = Literal[
    "Pending Acceptance", "Pending", "Available", "Rejected", "Deleting", "Deleted", "Failed", "Expired"
]
"""A connection's status: EC2's state in Title Case (known for ``Available``, inferred for the others)."""

CONNECTION_STATUSES: dict[EndpointState, ConnectionStatus] = {
    EndpointState.PENDING_ACCEPTANCE: "Pending Acceptance",
    EndpointState.PENDING: "Pending",
    EndpointState.AVAILABLE: "Available",
    EndpointState.REJECTED: "Rejected",
    EndpointState.DELETING: "Deleting",
    EndpointState.DELETED: "Deleted",
    EndpointState.FAILED: "Failed",
    EndpointState.EXPIRED: "Expired",
}


@document
class LinkAddon(TypedDict):
    """The add-on of a privatelink."""

    name: str
    uuid: Uuid


@document
class LinkApp(TypedDict):
    """The app that pays for it."""

    name: str


@document
class AllowedAccount(TypedDict):
    """Who may connect: `account_id` as it was submitted, `arn` normalised."""

    account_id: str
    arn: str
    status: AllowedAccountState


@document
class Connection(TypedDict):
    """An endpoint that connects, or wants to."""

    endpoint_id: str
    hostname: str
    owner_arn: str
    status: ConnectionStatus


@document
class Privatelink(TypedDict):
    """A privatelink; `service_name` is empty while it is provisioned."""

    addon: LinkAddon
    allowed_accounts: list[AllowedAccount]
    app: LinkApp
    connections: list[Connection]
    service_name: str
    status: PrivatelinkState
