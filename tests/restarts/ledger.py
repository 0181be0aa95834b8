"""What a client was answered: for everything it wrote, what that may be now."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum

Thing = tuple[str, ...]
"""What can be written: ("link", add-on), ("account", add-on, ARN), ("var", app, name) or ("endpoint", id)."""


class Fate(Enum):
    """What became of a write, as far as its client can know."""

    DONE = "done"
    """It was answered with success."""
    NONE = "none"
    """It never came to the server, or the answer says that nothing was changed."""
    UNKNOWN = "unknown"
    """It was cut off, or the answer says that nobody can know."""


class Link(Enum):
    """Where a privatelink is in its life, as far as that is its client's doing."""

    ABSENT = "absent"
    ALIVE = "alive"
    LEAVING = "leaving"


BEFORE: dict[str, Hashable] = {"link": Link.ABSENT, "account": False, "var": None, "endpoint": False}
"""What each thing is before anybody wrote it: an account and an endpoint are there or not, a var has a value."""


@dataclass(frozen=True)
class Setting:
    """A config var that was set, to a value that no other write has."""

    app: str
    name: str
    value: str
    fate: Fate


@dataclass
class Ledger:
    """One client's; nobody else writes what it writes."""

    may_be: dict[Thing, set[Hashable]] = field(default_factory=dict)
    settings: list[Setting] = field(default_factory=list)
    addon_of: dict[str, str] = field(default_factory=dict)
    """The add-on that each endpoint was made for."""
    doubtful: Counter[str] = field(default_factory=Counter)
    """How many endpoints of an add-on may have been made beside those, ids unknown."""

    def note(self, thing: Thing, value: Hashable, fate: Fate) -> None:
        """Write down that `thing` was to be `value`: an answer settles what it is, a cut adds what it may be."""
        if fate is Fate.DONE:
            self.may_be[thing] = {value}
        elif fate is Fate.UNKNOWN:
            self.may_be[thing] = self.possible(thing) | {value}

    def put(self, setting: Setting) -> None:
        """Write down a config var."""
        self.note(("var", setting.app, setting.name), setting.value, setting.fate)
        if setting.fate is not Fate.NONE:
            self.settings.append(setting)

    def made(self, addon: str, endpoint_id: str | None, fate: Fate) -> None:
        """Write down an endpoint; of one that was not answered the id is not known."""
        if endpoint_id is not None:
            self.addon_of[endpoint_id] = addon
            self.note(("endpoint", endpoint_id), True, fate)
        elif fate is Fate.UNKNOWN:
            self.doubtful[addon] += 1

    def possible(self, thing: Thing) -> set[Hashable]:
        """What it may be."""
        return self.may_be.get(thing, {BEFORE[thing[0]]})

    def is_sure(self, thing: Thing, value: Hashable) -> bool:
        """Whether it is `value` and nothing else."""
        return self.possible(thing) == {value}

    def found(self, thing: Thing, value: Hashable) -> None:
        """Write down what it was found to be, where nothing was under way."""
        self.may_be[thing] = {value}
