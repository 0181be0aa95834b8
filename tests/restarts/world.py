"""A world as its snapshot tells it, read for the checks."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

from driver import World as Driver
from kagemusha.domain.lifecycle import Timing
from kagemusha.domain.names import Names
from kagemusha.domain.states import Machine

Row = dict[str, Any]
_TABLES = {
    Machine.SPACE: ("spaces", "uuid"),
    Machine.ADDON: ("addons", "uuid"),
    Machine.PRIVATELINK: ("privatelinks", "uuid"),
    Machine.ALLOWED_ACCOUNT: ("allowed_accounts", "uuid"),
    Machine.ENDPOINT: ("endpoints", "endpoint_id"),
}


def moment(told: str) -> int:
    """Milliseconds since the epoch."""
    return (datetime.fromisoformat(told) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@cache
def _resources(seed: int, number: int) -> tuple[str, str]:
    names = Names(seed, number)
    return names.uuid(), names.endpoint_id()


def entries(driver: Driver, after: int = 0) -> list[dict[str, Any]]:
    """The journal's entries behind a number."""
    found: list[dict[str, Any]] = []
    while page := driver.sim("GET", f"/journal?after={after}&limit=1000")["entries"]:
        found += page
        after = page[-1]["seq"]
    return found


@dataclass(frozen=True)
class Transition:
    """An entry of the journal."""

    seq: int
    at: int
    machine: Machine
    resource: str
    name: str
    source: str | None
    target: str | None


@dataclass(frozen=True)
class World:
    """What `GET …/snapshot` and `GET …/journal` told, of the same moment."""

    told: dict[str, Any]
    entries: list[dict[str, Any]]

    @cached_property
    def rows(self) -> dict[str, list[Row]]:
        """The rows, by table."""
        found: dict[str, list[Row]] = self.told["world"]
        return found

    @cached_property
    def now(self) -> int:
        """The moment of the snapshot."""
        return moment(self.told["clock"]["now"])

    @cached_property
    def timing(self) -> Timing:
        """How long stages last."""
        return Timing(self.told["seed"], self.told["clock"]["pace"])

    @cached_property
    def transitions(self) -> list[Transition]:
        """The journal's transitions."""
        return [
            Transition(
                each["seq"], moment(each["at"]), Machine(each["machine"]), each["resource"], each["name"],
                each["from"], each["to"],
            )
            for each in self.entries
            if each["kind"] == "transition"
        ]  # fmt: skip

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The place in the world's counter of everything that it has, or has had, by its id on the wire."""
        numbers = range(1, self.told["counter"] + 1)
        return {name: number for number in numbers for name in _resources(self.told["seed"], number)}

    def living(self) -> Iterator[tuple[Machine, str, Row]]:
        """Every row that has a life of its own, with its id on the wire."""
        for machine, (table, key) in _TABLES.items():
            for row in self.rows[table]:
                yield machine, row[key], row

    @cached_property
    def apps(self) -> dict[int, str]:
        """Names of apps."""
        return {row["id"]: row["name"] for row in self.rows["apps"]}

    @cached_property
    def addons(self) -> dict[int, str]:
        """Names of add-ons."""
        return {row["id"]: row["name"] for row in self.rows["addons"]}

    @cached_property
    def attachments(self) -> dict[str, tuple[int, str]]:
        """The app and the name of each add-on's one attachment, by the add-on's name."""
        return {self.addons[row["addon_id"]]: (row["app_id"], row["name"]) for row in self.rows["attachments"]}

    @cached_property
    def config(self) -> dict[int, dict[str, str]]:
        """Each app's config vars."""
        found: dict[int, dict[str, str]] = {number: {} for number in self.apps}
        for row in self.rows["config_vars"]:
            found[row["app_id"]][row["name"]] = row["value"]
        return found

    @cached_property
    def links(self) -> dict[str, Row]:
        """The privatelinks that are there, by their add-on's name."""
        return {self.addons[row["addon_id"]]: row for row in self.rows["privatelinks"]}

    @cached_property
    def accounts(self) -> dict[int, set[str]]:
        """The ARNs that each link allows."""
        found: dict[int, set[str]] = {row["id"]: set() for row in self.rows["privatelinks"]}
        for row in self.rows["allowed_accounts"]:
            found.setdefault(row["privatelink_id"], set()).add(row["arn"])
        return found

    @cached_property
    def releases(self) -> dict[int, list[Row]]:
        """Each app's releases, in the order of their versions."""
        found: dict[int, list[Row]] = {number: [] for number in self.apps}
        for row in self.rows["releases"]:
            found[row["app_id"]].append(row)
        return found

    @cached_property
    def changes(self) -> list[tuple[Row, str, str | None]]:
        """Each config var that a release changed, with its release and the new value."""
        return [(row, name, value) for row in self.rows["releases"] for name, value in row["config_changes"].items()]

    @cached_property
    def came_to(self) -> dict[int, dict[str, str]]:
        """What each app's releases come to."""
        found: dict[int, dict[str, str]] = {number: {} for number in self.apps}
        for row, name, value in self.changes:
            if value is None:
                found[row["app_id"]].pop(name, None)
            else:
                found[row["app_id"]][name] = value
        return found

    @cached_property
    def released(self) -> Counter[tuple[int, str, str | None]]:
        """How often a config var of an app was released with a value."""
        return Counter((row["app_id"], name, value) for row, name, value in self.changes)

    def variable(self, addon: str, endpoint_id: str) -> tuple[int, str]:
        """The app and the name of an endpoint's config var."""
        app_id, attachment = self.attachments[addon]
        return app_id, f"{attachment}_ENDPOINT_{endpoint_id.removeprefix('vpce-').upper()}_URL"
