"""Connections to doors: what becomes of them, and why. The ids are stable: the journal and the metrics tell them."""

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kagemusha.domain.doors import Kind

OPERATIONS: dict["Kind", str] = {"redis": "redis.connect", "postgres": "postgres.connect"}
"""What the journal calls a connection, and a fault names it by."""


class Outcome(StrEnum):
    """What became of a connection at one moment. One that hangs is neither answered nor refused."""

    CONNECTED = "connected"
    REFUSED = "refused"
    HANGING = "hanging"
    CLOSED = "closed"


class Reason(StrEnum):
    """Why a connection is not let in, or has ended."""

    NOT_AVAILABLE = "not_available"
    """No door is open here now: the endpoint is not available, or its add-on is not there."""
    SECURITY_GROUP = "security_group"
    """No ingress rule lets it in."""
    RULES_UNKNOWN = "rules_unknown"
    """The AWS emulator does not tell the rules."""
    FAULT = "fault"
    """A fault was ordered."""
    NO_TLS = "no_tls"
    """The client speaks plainly where TLS is asked for."""
    TLS = "tls"
    """The two sides do not come to terms about TLS."""
    OPENING = "opening"
    """What the client sends first can't be read, or does not come in time."""
    BACKEND = "backend"
    """The store can't be had."""
    CLIENT = "client"
    """The client ended it."""
    STORE = "store"
    """The store ended it."""
    CREDENTIALS_ROTATED = "credentials_rotated"
    """The password that it was opened with is another now."""
    DOOR_CLOSED = "door_closed"
    """The endpoint is no longer available, or the add-on is gone."""
    SERVER_ENDS = "server_ends"
    """The server comes to its end."""
