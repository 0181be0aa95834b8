"""The machines of the world and their states, each in its canonical spelling.

Spelled as upstream spells them: a space and an add-on as the Platform API schema, a privatelink and
an allowed account as the Data API, an endpoint as EC2's ``State``.
"""

from enum import StrEnum


class Machine(StrEnum):
    """What has a life of its own: one table of stages for each."""

    SPACE = "space"
    ADDON = "addon"
    PRIVATELINK = "privatelink"
    ALLOWED_ACCOUNT = "allowed_account"
    ENDPOINT = "endpoint"


class SpaceState(StrEnum):
    """``space.state`` of the Platform API schema."""

    ALLOCATING = "allocating"
    ALLOCATED = "allocated"
    DELETING = "deleting"


class AddonState(StrEnum):
    """``add-on.state`` of the Platform API schema."""

    PROVISIONING = "provisioning"
    PROVISIONED = "provisioned"
    DEPROVISIONED = "deprovisioned"


class PrivatelinkState(StrEnum):
    """``status`` of a privatelink in the Data API. ``Failed`` is chosen: no failure status is known."""

    PROVISIONING = "Provisioning"
    OPERATIONAL = "Operational"
    DEPROVISIONING = "Deprovisioning"
    DEPROVISIONED = "Deprovisioned"
    FAILED = "Failed"


class AllowedAccountState(StrEnum):
    """``allowed_accounts[].status`` in the Data API."""

    PROVISIONING = "Provisioning"
    ACTIVE = "Active"


class EndpointState(StrEnum):
    """``State`` of an EC2 VpcEndpoint, in lowerCamel as on the wire."""

    PENDING_ACCEPTANCE = "pendingAcceptance"
    PENDING = "pending"
    AVAILABLE = "available"
    REJECTED = "rejected"
    DELETING = "deleting"
    DELETED = "deleted"
    FAILED = "failed"
    EXPIRED = "expired"


STATES: dict[Machine, type[StrEnum]] = {
    Machine.SPACE: SpaceState,
    Machine.ADDON: AddonState,
    Machine.PRIVATELINK: PrivatelinkState,
    Machine.ALLOWED_ACCOUNT: AllowedAccountState,
    Machine.ENDPOINT: EndpointState,
}
"""Every state of every machine: the source of the CHECK constraints in the database."""

LIVE_ENDPOINT_STATES = frozenset(
    {EndpointState.PENDING_ACCEPTANCE, EndpointState.PENDING, EndpointState.AVAILABLE},
)
"""The states in which an endpoint still has, or may still get, a connection."""

LEAVING_LINK_STATES = frozenset({PrivatelinkState.DEPROVISIONING, PrivatelinkState.DEPROVISIONED})
"""The states in which a privatelink lingers after its DELETE."""
