"""What can be set on a Redis add-on, and what may be set."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from kagemusha.domain.errors import InvalidParams

POLICIES = {
    "noeviction": "answers writes with an error when the memory limit is reached",
    "allkeys-lru": "evicts the least recently used keys first",
    "volatile-lru": "evicts the least recently used keys first, of those that expire",
    "allkeys-random": "evicts keys at random",
    "volatile-random": "evicts keys at random, of those that expire",
    "volatile-ttl": "evicts the keys that expire soonest, of those that expire",
    "allkeys-lfu": "evicts the least frequently used keys first",
    "volatile-lfu": "evicts the least frequently used keys first, of those that expire",
}
"""What happens at the memory limit (known: the Data API's schemas), as a sentence about the policy."""

VERSIONS = ("7.2", "8.0", "8.1")
"""The versions that there are, oldest first; new add-ons have the middle one, so that an upgrade can be met. Chosen."""

EVENTS = re.compile(r"[KEg$lshztxemdnA]{0,32}", re.ASCII)
LONGEST_TIMEOUT = 2**31 - 1
_SHOWN = 40
"""Characters of a refused value that its error repeats."""


class RedisSettings(NamedTuple):
    """What a Redis add-on is set to. `timeout` is in seconds; 0 never closes an idle connection."""

    maxmemory_policy: str = "noeviction"
    timeout: int = 300
    notify_keyspace_events: str = ""
    version: str = VERSIONS[1]


DEFAULTS = RedisSettings()


def check_settings(changes: Mapping[str, Any]) -> None:
    """Raise InvalidParams unless each of `changes`, by the names of RedisSettings, can be set."""
    policy = changes.get("maxmemory_policy", DEFAULTS.maxmemory_policy)
    if policy not in POLICIES:
        raise InvalidParams(f"maxmemory_policy can't be {policy[:_SHOWN]!r}: use one of {', '.join(POLICIES)}.")
    if not 0 <= changes.get("timeout", 0) <= LONGEST_TIMEOUT:
        raise InvalidParams(f"timeout is in seconds, 0 to {LONGEST_TIMEOUT}.")
    events = changes.get("notify_keyspace_events", "")
    if not EVENTS.fullmatch(events):
        raise InvalidParams(
            f"notify_keyspace_events can't be {events[:_SHOWN]!r}: use letters of `KEg$lshztxemdnA`, or none.",
        )


def upgraded(current: str, wanted: str | None) -> str:
    """The version that an upgrade from `current` leads to: `wanted`, or the newest. Raises InvalidParams."""
    newer = VERSIONS[VERSIONS.index(current) + 1 :]
    if not newer:
        raise InvalidParams(f"Version {current} is the newest: there is nothing to upgrade to.")
    chosen = newer[-1] if wanted is None else wanted
    if chosen not in newer:
        raise InvalidParams(f"Can't upgrade from {current} to {chosen[:_SHOWN]!r}: use {' or '.join(newer)}.")
    return chosen
