"""A whole world as one document: exported, checked, and restored so that it behaves the same from then on.

What the sandbox itself is (its name, keys and account id) is not in it: where its AWS account stands as an owner, or
its user's address, the document says ``{account}`` and ``{email}``, and the sandbox that takes it over puts its own.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from kagemusha.domain import catalog
from kagemusha.domain.errors import DomainError, InvalidParams
from kagemusha.domain.lifecycle import STAGE_IDS, stage_id
from kagemusha.domain.states import Machine
from kagemusha.services import databases, sources
from kagemusha.services.context import Context
from kagemusha.services.endpoint_services import PREFIX
from kagemusha.services.sandboxes import check_delays, check_pace
from kagemusha.store.dumps import check, place
from kagemusha.store.happenings import Fault, JournalEntry, Occurrence
from kagemusha.store.records import Source

ACCOUNT = "{account}"
"""What stands for the sandbox's own AWS account."""
EMAIL = "{email}"
"""What stands for the address of the sandbox's user."""
_THINGS = ("spaces", "apps", "addons", "attachments", "privatelinks", "allowed_accounts", "endpoints")
_FIRST_THINGS = 2
"""The account and the team, which are in no table."""
_REFERENCES = (
    ("apps", "space_id", "spaces"), ("addons", "app_id", "apps"), ("attachments", "addon_id", "addons"),
    ("attachments", "app_id", "apps"), ("privatelinks", "addon_id", "addons"),
    ("allowed_accounts", "privatelink_id", "privatelinks"), ("config_vars", "app_id", "apps"),
    ("config_vars", "attachment_id", "attachments"), ("releases", "app_id", "apps"),
)  # fmt: skip
"""Which column names a thing of which table. An endpoint outlives its link and its add-on."""
_UNIQUE = (
    ("spaces", "name"), ("apps", "name"), ("addons", "name"), ("privatelinks", "addon_id"),
    ("privatelinks", "service_name"), ("endpoints", "endpoint_id"), ("attachments", "app_id", "name"),
    ("allowed_accounts", "privatelink_id", "arn"), ("endpoints", "owner_account_id", "client_token"),
    ("config_vars", "app_id", "name"), ("releases", "app_id", "version"), ("releases", "uuid"), ("spaces", "uuid"),
    ("apps", "uuid"), ("addons", "uuid"), ("attachments", "uuid"), ("sources", "address"),
)  # fmt: skip
_SERVICE = re.compile(rf"{re.escape(PREFIX)}([a-z0-9-]+)\.vpce-svc-[0-9a-f]{{17}}", re.ASCII)

Rows = Sequence[Mapping[str, Any]]
World = Mapping[str, Rows]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a document says. Moments in ms; `delays` as the sandbox keeps them; `pace` None follows the clock's mode."""

    seed: int
    counter: int
    mode: str
    now: int
    pace: float | None
    delays: str
    faults_made: int
    world: World
    transitions: Sequence[JournalEntry]
    occurrences: Sequence[Occurrence]
    faults: Sequence[Fault]


def export(context: Context) -> Snapshot:
    """The world as it is."""
    store, sandbox = context.store, context.sandbox
    return Snapshot(
        seed=sandbox.seed,
        counter=sandbox.counter,
        mode="manual" if sandbox.is_manual else "auto",
        now=context.now,
        pace=sandbox.pace,
        delays=sandbox.delays,
        faults_made=sandbox.faults_made,
        world=_owned(store.dumps.export(), _own(context), _ANYBODY),
        transitions=store.whole_journal(),
        occurrences=store.occurrences.all(),
        faults=store.faults.all(),
    )


def restore(context: Context, snapshot: Snapshot, system: int) -> None:
    """Put the world of a snapshot in the place of what is there; its name, keys and account id stay.

    The journal is replaced, too, but its sequence numbers go on. Raises InvalidParams for what can't be, with its
    place, and has changed nothing then.
    """
    check(snapshot.world)
    check_pace(snapshot.pace)
    check_delays(json.loads(snapshot.delays))
    _check_agreement(snapshot)
    store = context.store
    store.dumps.clear()
    store.become(
        seed=snapshot.seed, delays=snapshot.delays, counter=snapshot.counter, faults_made=snapshot.faults_made,
        now=snapshot.now,
    )  # fmt: skip
    store.clock_offset = snapshot.now - system
    store.frozen_at = snapshot.now if snapshot.mode == "manual" else None
    store.pace = snapshot.pace
    store.dumps.load(_owned(snapshot.world, _ANYBODY, _own(context)))
    store.take_over(snapshot.transitions, snapshot.occurrences)
    for fault in snapshot.faults:
        store.faults.insert(fault)
        if fault.remaining != 0:
            store.count_faults(fault, 1)
    store.next_due_at = store.lives.next_due_at()


_ANYBODY = (ACCOUNT, EMAIL)


def _own(context: Context) -> tuple[str, str]:
    """The sandbox's AWS account and its user's address."""
    return context.sandbox.aws_account_id, context.account.email


def _owned(world: World, owner: tuple[str, str], new: tuple[str, str]) -> dict[str, list[dict[str, Any]]]:
    """The world with what is `owner`'s in the hands of `new`."""
    (account, email), (new_account, new_email) = owner, new
    changed = {name: [dict(row) for row in rows] for name, rows in world.items()}
    for row in changed["endpoints"]:
        if row["owner_account_id"] == account:
            row["owner_account_id"] = new_account
            row["principal_arn"] = row["principal_arn"].replace(f"::{account}:", f"::{new_account}:")
    for row in changed["releases"]:
        if row["user_email"] == email:
            row["user_email"] = new_email
    return changed


def _check_agreement(snapshot: Snapshot) -> None:
    """Refuse a world whose parts contradict each other."""
    world = snapshot.world
    problems = chain(
        _bad_numbers(snapshot), _bad_references(world), _twins(world), _bad_names(world), _bad_releases(world),
        _bad_waits(snapshot), _bad_faults(snapshot), _bad_sources(world), _bad_settings(world),
    )  # fmt: skip
    for where, said in problems:
        message = f"{where}: {said}."
        raise InvalidParams(message)


Problem = tuple[str, str]


def _bad_numbers(snapshot: Snapshot) -> Iterator[Problem]:
    seen: set[int] = set()
    for table in _THINGS:
        for number, row in enumerate(snapshot.world[table]):
            where = place("world", table, number, "id")
            if not _FIRST_THINGS < row["id"] <= snapshot.counter:
                yield where, f"not between {_FIRST_THINGS + 1} and the counter, {snapshot.counter}"
            if row["id"] in seen:
                yield where, "another thing's, too"
            seen.add(row["id"])


def _bad_references(world: World) -> Iterator[Problem]:
    for table, column, target in _REFERENCES:
        there = {row["id"] for row in world[target]}
        for number, row in enumerate(world[table]):
            if row[column] is not None and row[column] not in there:
                yield place("world", table, number, column), f"names nothing in world.{target}"


def _twins(world: World) -> Iterator[Problem]:
    for table, *columns in _UNIQUE:
        keys = [tuple(row[column] for column in columns) for row in world[table]]
        counted = Counter(key for key in keys if None not in key)
        for number, key in enumerate(keys):
            if counted[key] > 1:
                yield place("world", table, number, columns[-1]), "another row has the same"


def _bad_names(world: World) -> Iterator[Problem]:
    for table, column, known in (("spaces", "region", catalog.region), ("apps", "region", catalog.region),
                                 ("addons", "plan", catalog.plan)):  # fmt: skip
        for number, row in enumerate(world[table]):
            try:
                known(row[column])
            except DomainError as error:
                yield place("world", table, number, column), error.message.rstrip(".")
    for table in ("privatelinks", "endpoints"):
        for number, row in enumerate(world[table]):
            found = _SERVICE.fullmatch(row["service_name"])
            if found is None or found[1] not in catalog.ZONES:
                yield place("world", table, number, "service_name"), "no service of ours has such a name"


def _bad_releases(world: World) -> Iterator[Problem]:
    versions: dict[int, list[int]] = {}
    for row in world["releases"]:
        versions.setdefault(row["app_id"], []).append(row["version"])
    for number, row in enumerate(world["apps"]):
        if sorted(versions.get(row["id"], [])) != list(range(1, row["release_version"] + 1)):
            yield place("world", "apps", number, "release_version"), "its releases are not 1 to this"


def _bad_waits(snapshot: Snapshot) -> Iterator[Problem]:
    faults = {0, *(fault.id for fault in snapshot.faults)}
    for machine in Machine:
        table = f"{machine}s"
        for number, row in enumerate(snapshot.world[table]):
            held = row["held_by"] is not None
            if held != (row["held_left"] is not None) or (held and row["due_at"] is not None):
                yield place("world", table, number, "held_by"), "a thing is held, with what is left, or it falls due"
            if row["held_by"] is not None and row["held_by"] not in faults:
                yield place("world", table, number, "held_by"), "no fault has this number"
            waits = row["due_at"] is not None or row["held_by"] is not None
            if waits and stage_id(machine, row["state"]) not in STAGE_IDS:
                yield place("world", table, number, "state"), f"nothing follows {row['state']}: it can't fall due"


def _bad_faults(snapshot: Snapshot) -> Iterator[Problem]:
    last = 0
    for number, fault in enumerate(snapshot.faults):
        if not last < fault.id <= snapshot.faults_made:
            yield place("faults", number, "id"), f"not between {last + 1} and settings.faults_made"
        if (fault.remaining or 0) < 0:
            yield place("faults", number, "hits"), "more than its times"
        last = fault.id


def _bad_sources(world: World) -> Iterator[Problem]:
    for number, row in enumerate(world["sources"]):
        try:
            sources.check(Source(row["address"], row["vpc_address"], json.dumps(row["security_group_ids"])))
        except DomainError as error:
            yield place("world", "sources", number), error.message.rstrip(".")


def _bad_settings(world: World) -> Iterator[Problem]:
    for number, row in enumerate(world["addons"]):
        try:
            databases.check_settings(row["settings"])
        except DomainError as error:
            yield place("world", "addons", number, "settings"), error.message.rstrip(".")
