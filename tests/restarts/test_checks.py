"""The checks can fail: what a kill could leave behind is made, and found."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from checks import faults, shown
from driver import World as Driver
from fastapi.testclient import TestClient
from ledger import Fate, Ledger, Link, Setting
from world import Row, World, entries
from writers import KEEPER, OTHERS

Told = dict[str, Any]
LINK = "/private-link/v0/databases"
LATER = "2031-01-01T00:00:00.000Z"


@pytest.fixture(scope="module")
def driver(lone_server: TestClient) -> Iterator[Driver]:
    """A world in which somebody did a bit of everything: see `known`."""
    world = Driver.make(lone_server, "small", pace=120)
    world.app("ferry")
    for addon in ("steady", "ended", "hasty", "bare"):
        world.post("/apps/ferry/addons", {"plan": "heroku-redis:private-7", "name": addon})
    world.until("idle")
    for addon in ("steady", "ended"):
        world.link(addon, KEEPER)
    world.call("PUT", f"{LINK}/steady/allowed_accounts", {"allowed_accounts": OTHERS})
    world.call("PATCH", f"{LINK}/steady/allowed_accounts", {"allowed_accounts": OTHERS[1:]})
    made = [world.endpoint(world.shown(addon)["service_name"], KEEPER) for addon in ("steady", "steady", "ended")]
    world.until("idle")
    world.sim("DELETE", f"/endpoints/{made[1]}")
    world.call("DELETE", f"{LINK}/ended")
    world.post(f"{LINK}/hasty", {"allowed_accounts": [KEEPER]})
    world.advance(0.1)
    world.call("DELETE", f"{LINK}/hasty")
    for value in ("old", "new"):
        world.call("PATCH", "/apps/ferry/config-vars", {"COLOUR": value})
        world.advance(0.001)
    yield world
    world.client.delete("/_sim/sandboxes/small")


@pytest.fixture
def told(driver: Driver) -> Told:
    """The world, to be doctored: its snapshot, and its journal beside that."""
    return driver.sim("GET", "/snapshot") | {"journal": entries(driver)}


def renumbered(journal: list[Row]) -> list[Row]:
    """The journal without a gap."""
    return [each | {"seq": seq} for seq, each in enumerate(journal, 1)]


def read(told: Told) -> World:
    """The world, as the checks read it."""
    return World(told, told["journal"])


@pytest.fixture
def known(told: Told) -> Ledger:
    """What was answered to whoever did so."""
    ledger = Ledger()
    for addon in ("steady", "ended", "hasty"):
        ledger.note(("link", addon), Link.ALIVE, Fate.DONE)
        ledger.note(("account", addon, KEEPER), True, Fate.DONE)
    for arn in OTHERS:
        ledger.note(("account", "steady", arn), True, Fate.DONE)
    for arn in OTHERS[1:]:
        ledger.note(("account", "steady", arn), False, Fate.DONE)
    for addon, row in zip(("steady", "steady", "ended"), told["world"]["endpoints"], strict=True):
        ledger.made(addon, row["endpoint_id"], Fate.DONE)
    ledger.note(("endpoint", told["world"]["endpoints"][1]["endpoint_id"]), False, Fate.DONE)
    for addon in ("ended", "hasty"):
        ledger.note(("link", addon), Link.LEAVING, Fate.DONE)
    for value in ("old", "new"):
        ledger.put(Setting("ferry", "COLOUR", value, Fate.DONE))
    return ledger


def test_a_world_that_nothing_befell_has_no_faults(driver: Driver, told: Told, known: Ledger) -> None:
    """A world that is as its clients were told, and is shown so, passes every check."""
    assert faults(read(told), [known]) == []
    assert list(shown(driver, read(told))) == []


def entry(told: Told, machine: str, source: str | None, target: str | None) -> Row:
    """The first entry of such a step."""
    steps = ((each, (each.get("machine"), each.get("from"), each.get("to"))) for each in told["journal"])
    return next(each for each, step in steps if step == (machine, source, target))


def without(told: Told, gone: Callable[[Row], bool]) -> None:
    """Take entries away, and leave no gap."""
    told["journal"] = renumbered([each for each in told["journal"] if not gone(each)])


def without_step(told: Told, machine: str, source: str | None, target: str | None) -> None:
    """Take one entry away, and leave no gap."""
    gone = entry(told, machine, source, target)
    without(told, lambda each: each is gone)


def twice(told: Told, each: Row) -> None:
    """Have an entry a second time, at once and without a gap."""
    told["journal"].insert(each["seq"], dict(each))
    without(told, lambda _: False)


def row(told: Told, table: str, **equal: object) -> Row:
    """The first row with these values."""
    rows: list[Row] = told["world"][table]
    return next(each for each in rows if all(each[name] == value for name, value in equal.items()))


def through(told: Told) -> Row:
    """The config var of the one available endpoint."""
    return next(each for each in told["world"]["config_vars"] if "_ENDPOINT_" in each["name"])


def release_again(told: Told) -> None:
    """Bring the endpoint's config var about a second time, in the next release."""
    app = row(told, "apps", name="ferry")
    made = next(each for each in told["world"]["releases"] if through(told)["name"] in each["config_changes"])
    app["release_version"] += 1
    told["world"]["releases"].append(made | {"version": app["release_version"]})


def told_twice(told: Told) -> None:
    """Tell of a request a second time."""
    told["journal"].append(next(each for each in reversed(told["journal"]) if each.get("method") == "PATCH"))


BIRTH = ("privatelink", None, "Provisioning")
DOCTORED: list[tuple[str, Callable[[Told], object], str]] = [
    ("a gap", lambda told: told["journal"].pop(3), "the journal's entry 4 has the number 5"),
    ("a number given twice", lambda told: told["journal"][4].update(seq=4), "the journal's entry 5 has"),
    ("the order", lambda told: entry(told, *BIRTH).update(at=LATER), "is before"),
    ("a request told twice", told_twice, "the journal tells 2 times of"),
    ("what was told before", lambda told: told["transitions"].pop(0), "other transitions than it told of before"),
    ("a step taken twice", lambda told: twice(told, entry(told, "endpoint", "pending", "available")), "follows"),
    ("a path taken twice", lambda told: twice(told, entry(told, *BIRTH)), "follows"),
    ("a step not written down", lambda told: without_step(told, "endpoint", "available", "deleting"), "last heard of"),
    ("a birth not written down", lambda told: without_step(told, *BIRTH), "comes first"),
    (
        "a thing not written down",
        lambda told: without(told, lambda each: each.get("machine") == "space"),
        "does not know",
    ),
    ("a step of no table", lambda told: entry(told, *BIRTH).update({"to": "Deprovisioned"}), "is no step"),
    (
        "a step when noticed",
        lambda told: entry(told, "privatelink", "Provisioning", "Operational").update(at=LATER),
        "fell due at",
    ),
    (
        "a request behind what was due",
        lambda told: entry(told, "privatelink", "Provisioning", "Deprovisioning").update(at=LATER),
        "was asked for behind",
    ),
    ("a row undone", lambda told: row(told, "privatelinks", state="Operational").update(state="Provisioning"), "heard"),
    ("a row gone", lambda told: told["world"]["privatelinks"].pop(0), "was last heard of"),
    ("another due moment", lambda told: row(told, "endpoints", state="deleting").update(due_at=1), "is due at 1, not"),
    ("what was due", lambda told: told["clock"].update(now=LATER), "and it is"),
    ("a var missing", lambda told: told["world"]["config_vars"].remove(through(told)), "ferry lacks REDIS_ENDPOINT_"),
    ("a var of nothing", lambda told: through(told).update(name="REDIS_ENDPOINT_0_URL"), "which no connection gives"),
    ("a var with another URL", lambda told: through(told).update(value="redis://h:p@x:6379"), "no connection gives"),
    ("a release missing", lambda told: told["world"]["releases"].pop(4), "and has the releases"),
    ("a release twice", lambda told: told["world"]["releases"].append(told["world"]["releases"][-1]), "and has the"),
    ("a release uncounted", lambda told: row(told, "apps").update(release_version=1), "is at v1, and has the releases"),
    ("a config not released", lambda told: told["world"]["releases"][-1].update(config_changes={}), "newest release"),
    ("a release out of time", lambda told: told["world"]["releases"][-1].update(created_at=1), "before v"),
    ("an effect twice", release_again, "2 times, not 1"),
]


@pytest.mark.parametrize(
    ("doctor", "found"), [each[1:] for each in DOCTORED], ids=[each[0].replace(" ", "-") for each in DOCTORED]
)
def test_what_a_kill_could_leave_is_found(
    told: Told, known: Ledger, doctor: Callable[[Told], object], found: str
) -> None:
    """A journal, a row, a config var or a release that is not as it must be is a fault that says so."""
    doctor(told)
    said = faults(read(told), [known])
    assert any(found in each for each in said), said


def endpoints(ledger: Ledger) -> list[str]:
    """Those that the writer made."""
    return list(ledger.addon_of)


FORGOTTEN: list[tuple[str, Callable[[Ledger], object], str]] = [
    ("a link", lambda known: known.note(("link", "bare"), Link.ALIVE, Fate.DONE), "link bare is Link.ABSENT"),
    ("its end", lambda known: known.note(("link", "steady"), Link.LEAVING, Fate.DONE), "link steady is Link.ALIVE"),
    (
        "an account",
        lambda known: known.note(("account", "steady", OTHERS[2]), True, Fate.DONE),
        "is False, and may only be True",
    ),
    (
        "its end",
        lambda known: known.note(("account", "steady", OTHERS[0]), False, Fate.DONE),
        "is True, and may only be False",
    ),
    ("who asked for one", lambda known: known.may_be.pop(("account", "steady", OTHERS[0])), "may only be False"),
    ("a var", lambda known: known.note(("var", "ferry", "COLOUR"), "newer", Fate.DONE), "COLOUR is new, and may only"),
    ("a release", lambda known: known.put(Setting("ferry", "COLOUR", "newer", Fate.DONE)), "was released 0 times"),
    ("an endpoint", lambda known: known.made("steady", "vpce-0", Fate.DONE), "vpce-0 of steady was never made"),
    ("who made one", lambda known: known.addon_of.pop(endpoints(known)[0]), "nobody made the endpoint"),
    ("its end", lambda known: known.note(("endpoint", endpoints(known)[0]), False, Fate.DONE), "is True, and may only"),
    ("it", lambda known: known.note(("endpoint", endpoints(known)[1]), True, Fate.DONE), "is False, and may only be"),
]


@pytest.mark.parametrize(
    ("remember", "found"), [each[1:] for each in FORGOTTEN], ids=[each[0].replace(" ", "-") for each in FORGOTTEN]
)
def test_an_answer_that_was_forgotten_is_found(
    told: Told, known: Ledger, remember: Callable[[Ledger], object], found: str
) -> None:
    """What was answered and is not so is a fault, and so is what nobody asked for."""
    remember(known)
    said = faults(read(told), [known])
    assert any(found in each for each in said), said


def test_what_was_not_answered_may_have_been_done(told: Told, known: Ledger) -> None:
    """Writes that were cut off are done, or not, and from the next look on it is known which."""
    first = endpoints(known)[0]
    done = {
        ("link", "ended"): Link.LEAVING,
        ("account", "steady", OTHERS[1]): False,
        ("var", "ferry", "COLOUR"): "new",
        ("endpoint", endpoints(known)[1]): False,
    }
    for thing, value in done.items():
        known.may_be[thing] = {value, "something else"}
    known.settings[-1] = Setting("ferry", "COLOUR", "new", Fate.UNKNOWN)
    del known.addon_of[first]
    known.made("steady", None, Fate.UNKNOWN)
    known.note(("link", "bare"), Link.ALIVE, Fate.UNKNOWN)
    known.note(("account", "steady", OTHERS[0]), False, Fate.UNKNOWN)
    known.put(Setting("ferry", "COLOUR", "newer", Fate.UNKNOWN))
    known.made("bare", None, Fate.UNKNOWN)
    assert faults(read(told), [known]) == []
    not_done = {("link", "bare"): Link.ABSENT, ("account", "steady", OTHERS[0]): True, ("endpoint", first): True}
    assert all(known.is_sure(thing, value) for thing, value in (done | not_done).items())
    assert not known.doubtful


class Doctored(Driver):
    """Shows what is at one path otherwise."""

    path: str
    doctor: Callable[[Any], object]

    def get(self, path: str, **headers: str) -> Any:
        """See Driver."""
        found = super().get(path, **headers)
        if path == self.path:
            self.doctor(found)
        return found


@pytest.mark.parametrize(
    ("path", "doctor", "found"),
    [
        ("/apps/ferry/config-vars", lambda config: config.popitem(), "other config vars than it has"),
        (f"{LINK}/steady", lambda link: link["connections"].clear(), "than connections"),
        (f"{LINK}/steady", lambda link: link["connections"][0].update(hostname="elsewhere"), "than connections"),
        ("/apps/ferry/releases", lambda releases: releases.pop(2), "is shown with the releases"),
        ("/apps/ferry/releases", lambda releases: releases.pop(), "and is at v"),
    ],
)
def test_what_is_shown_otherwise_is_found(
    driver: Driver, told: Told, path: str, doctor: Callable[[Any], object], found: str
) -> None:
    """Config vars, connections and releases that clients are shown are held against the world and each other."""
    doctored = Doctored(driver.client, driver.name, driver.key)
    doctored.path, doctored.doctor = path, doctor
    said = list(shown(doctored, read(told)))
    assert any(found in each for each in said), said
