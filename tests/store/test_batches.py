"""A world comes out of large batches, worked in memory, as it does out of steps that are taken one by one."""

import asyncio
import json
from collections.abc import Callable
from functools import partial
from heapq import heappop
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kagemusha.services import advance, transactions
from kagemusha.services.transactions import Transactions
from kagemusha.store.configs import Releases
from kagemusha.store.engine import connect
from kagemusha.store.living import Agenda, LostRace
from kagemusha.store.records import ConfigVar
from kagemusha.store.sandboxes import Sandboxes
from kagemusha.store.store import Store
from kagemusha.store.work import Known
from samples import row, world
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

NOW, WINDOW = 1_000_000, 25
"""Milliseconds: all that is due at first is within this window, so that much falls due at the same moment."""
LATER = NOW + 10 * WINDOW
ACCOUNTS = ("123456789101", "210987654321")
PRINCIPALS = [f"arn:aws:iam::{account}:{path}" for account in ACCOUNTS for path in ("root", "user/abc", "role/deploy")]
PLANS = ["heroku-redis:private-7", "heroku-postgresql:private-4", "heroku-kafka:private-standard-2"]
STAGES = [
    "endpoint.pending_acceptance", "endpoint.pending", "endpoint.deleting", "endpoint.deleted",
    "privatelink.provisioning", "privatelink.deprovisioning", "privatelink.deprovisioned",
    "allowed_account.provisioning", "addon.provisioning", "space.allocating", "space.deleting",
]  # fmt: skip
EFFECTS: list[dict[str, Any]] = [{"hold": True}, {"slow": 3}, {"slow": 0.1}, {"fail": True}]
FAILING = ["privatelink.provisioning", "endpoint.pending"]
EXAMPLES = {"sqlite": 60, "postgresql": 10}
Patch = pytest.MonkeyPatch
names = count()


def due(random: Random) -> int:
    """A moment in the window."""
    return NOW + random.randrange(WINDOW)


def living(random: Random, *states: tuple[str, bool]) -> dict[str, Any]:
    """One of the states, each with whether it ends by itself, and when it does so."""
    state, ends = random.choice(states)
    return {"state": state, "generation": random.randrange(5), "due_at": due(random) if ends else None}


def fill(store: Store, random: Random) -> None:
    """Fill a world with things in all states; what one is connected to may be in any state too."""
    for number in (store.allocate() for _ in range(3)):
        store.spaces.insert(row("spaces", number, **living(random, ("allocating", True), ("deleting", True))))
    apps = [store.allocate() for _ in range(5)]
    for number in apps:
        store.apps.insert(row("apps", number, region="virginia", release_version=0))
    for number in [store.allocate() for _ in range(8)]:
        state = living(random, ("provisioning", True), ("provisioned", False), ("provisioned", False))
        store.addons.insert(row("addons", number, app_id=apps[0], plan=random.choice(PLANS), **state))
        for app in random.sample(apps, random.randint(1, 3)):
            store.attachments.insert(
                row("attachments", place := store.allocate(), addon_id=number, app_id=app, name=f"NAME_{place}")
            )
            if random.random() < 0.3:
                store.config_vars.put([ConfigVar(app, f"NAME_{place}_URL", "as before", place)])
        if random.random() < 0.8:
            connect_privately(store, random, number)
    for number in range(1, random.randint(1, 4)):
        effect = random.choice(EFFECTS)
        fault = row(
            "faults", number, operation=None, match="{}", effect=json.dumps(effect), hits=0, draws=0,
            stage=random.choice(FAILING if "fail" in effect else STAGES), times=random.choice([None, 1, 3]),
            probability=random.choice([None, 0.5]),
        )  # fmt: skip
        store.faults.insert(fault)
        store.count_faults(fault, 1)
    store.expect(NOW)


def connect_privately(store: Store, random: Random, addon: int) -> None:
    """A privatelink of the add-on, with accounts and endpoints."""
    link = store.allocate()
    service = f"com.amazonaws.vpce.us-east-1.vpce-svc-0{link:016x}"
    steps = ("Provisioning", True), ("Operational", False), ("Deprovisioning", True), ("Deprovisioned", True)
    store.privatelinks.insert(row("privatelinks", link, addon_id=addon, service_name=service, **living(random, *steps)))
    for arn in random.sample(PRINCIPALS, random.randint(0, 4)):
        state = living(random, ("Provisioning", True), ("Provisioning", True), ("Active", False))
        store.allowed_accounts.insert(row("allowed_accounts", store.allocate(), privatelink_id=link, arn=arn, **state))
    for _ in range(random.randint(0, 7)):
        number, arn = store.allocate(), random.choice(PRINCIPALS)
        state = living(
            random, ("pendingAcceptance", True), ("pendingAcceptance", False), ("pendingAcceptance", False),
            ("pending", True), ("pending", True), ("available", False), ("rejected", False), ("deleting", True),
            ("deleted", True),
        )  # fmt: skip
        endpoint = row(
            "endpoints", number, privatelink_id=link, addon_id=addon, addon_name=f"name-{addon}", principal_arn=arn,
            owner_account_id=arn.split(":")[4], service_name=service, availability_zone_ids='["use1-az1"]', **state,
        )  # fmt: skip
        store.endpoints.insert(endpoint)


def settled(engine: Engine, seed: int, limit: int | None) -> Any:
    """All that the world of `seed` comes to, by batches of `limit` steps, and the steps; it is gone afterwards."""
    name = f"world-{next(names)}"
    delays = json.dumps({stage: [0, WINDOW] for stage in STAGES})
    with engine.begin() as connection:
        store = world(connection, name, delays=delays, frozen_at=LATER, pace=1.0)
        fill(store, Random(seed))
        store.flush()
    worlds = Transactions(connect(engine.url.render_as_string(hide_password=False)), lambda: NOW, 60)
    fired: list[advance.Fired] = []
    with pytest.MonkeyPatch.context() as patch:
        if limit is not None:
            patch.setattr(transactions, "advance", partial(advance.advance, limit=limit))
        asyncio.run(worlds.settle(("name", name), LATER, seen=fired))
    worlds.close()
    with engine.begin() as connection:
        sandbox = Sandboxes(connection).find("name", name)
        assert sandbox is not None
        store = Store(connection, sandbox)
        kept = [getattr(sandbox, each) for each in (
            "counter", "journal_seq", "latest_at", "next_due_at", "faults_made", "request_faults", "stage_faults",
        )]  # fmt: skip
        told = store.dumps.export(), store.whole_journal(), store.occurrences.all(), store.faults.all()
        Sandboxes(connection).delete(sandbox.id)
    return kept, told, fired


def compare(engine: Engine, seed: int, limit: int) -> None:
    """Raise AssertionError if batches of `limit` steps come to anything else than one large batch."""
    kept, (things, journal, occurrences, faults), fired = settled(engine, seed, None)
    small_kept, (small_things, small_journal, small_occurrences, small_faults), small_fired = settled(
        engine, seed, limit
    )
    assert small_fired == fired
    assert small_journal == journal
    assert small_things == things
    assert (small_kept, small_occurrences, small_faults) == (kept, occurrences, faults)


def hold(engine: Engine, examples: int) -> None:
    """Compare this many random worlds, the same ones every time."""
    quiet = [HealthCheck.function_scoped_fixture]

    @settings(
        max_examples=examples, deadline=None, database=None, derandomize=True, suppress_health_check=quiet,
        phases=(Phase.generate,), report_multiple_bugs=False,
    )  # fmt: skip
    @given(st.integers(0, 2**32), st.sampled_from([1, 1, 2, 7]))
    def every(seed: int, limit: int) -> None:
        compare(engine, seed, limit)

    every()


def test_a_batch_comes_to_what_its_steps_come_to_one_by_one(engine: Engine) -> None:
    """Journal, things, releases, config vars, faults, counters and ids: all is equal, on both databases."""
    hold(engine, EXAMPLES[engine.dialect.name])


def followers_wait_for_the_next_batch(patch: Patch) -> None:
    """What follows a step comes behind all that was read with it."""
    read = Agenda.fill
    patch.setattr(Agenda, "fill", lambda self, due, _end: read(self, due, (0, 0)))


def stirred_things_come_as_read(patch: Patch) -> None:
    """What was read to come does so, whatever became of it meanwhile."""
    patch.setattr(Agenda, "take", lambda self: heappop(self._queue)[2] if self._queue else None)


def what_is_known_stays(patch: Patch) -> None:
    """A step does not see what the steps before it in its batch have changed."""
    patch.setattr(Known, "put", lambda _self, _row: None)


def what_was_kept_back_is_sent_twice(patch: Patch) -> None:
    """Releases are sent with one batch, and again with the next."""
    patch.setattr(Releases, "_send", lambda self: self._send_many(self._insert(), map(dict, self._made)))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "mutate",
    [
        followers_wait_for_the_next_batch,
        stirred_things_come_as_read,
        what_is_known_stays,
        what_was_kept_back_is_sent_twice,
    ],
)
def test_a_batch_that_comes_to_something_else_is_noticed(
    engine: Engine, monkeypatch: Patch, mutate: Callable[[Patch], None]
) -> None:
    """The comparison can fail: however the batches are broken it does, or the database refuses what they write."""
    mutate(monkeypatch)
    with pytest.raises((AssertionError, IntegrityError, LostRace)):
        hold(engine, 60)
