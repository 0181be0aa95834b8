"""What must hold in a world whatever was killed under it. Each check yields a sentence for each thing that does not."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from driver import World as Driver
from kagemusha.domain.lifecycle import due_after
from kagemusha.domain.stages import STAGES, On
from kagemusha.domain.states import LEAVING_LINK_STATES, LIVE_ENDPOINT_STATES, EndpointState, Machine
from ledger import Fate, Ledger, Link
from world import Transition, World

_STEPS = {(stage.machine, stage.source, stage.target) for stage in STAGES}
_BY_THEMSELVES = {(stage.machine, stage.source, stage.target) for stage in STAGES if stage.on is On.DUE}
_LEAVING_ENDPOINTS = {EndpointState.DELETING, EndpointState.DELETED, None}


def faults(world: World, ledgers: Iterable[Ledger]) -> list[str]:
    """Everything that is wrong with the world; what was not known of it is known to the ledgers afterwards."""
    found = [*journal(world), *requests(world), *lives(world), *config_vars(world), *releases(world), *effects(world)]
    for ledger in ledgers:
        found += [*links(world, ledger), *accounts(world, ledger), *endpoints(world, ledger), *settings(world, ledger)]
    return found


def journal(world: World) -> Iterator[str]:
    """Numbers without gaps, transitions in the order of their moments, and nothing that had been there is gone."""
    numbers = [each["seq"] for each in world.entries]
    if numbers != list(range(1, len(numbers) + 1)):
        odd = next(place for place, seq in enumerate(numbers, 1) if seq != place)
        yield f"the journal's entry {odd} has the number {numbers[odd - 1]}"
    told = [
        {name: value for name, value in each.items() if name not in {"seq", "sandbox"}}
        for each in world.entries
        if each["kind"] == "transition"
    ]
    if told != world.told["transitions"]:
        yield "the journal tells of other transitions than it told of before"
    for before, after in pairwise(world.transitions):
        if after.at < before.at:
            yield f"{after} is before {before}"


def requests(world: World) -> Iterator[str]:
    """No write is told twice, as far as moment and duration tell them apart: once time runs, when links are made.

    What a killed server had not written down yet is lost, which is chosen.
    """
    births = (each.seq for each in world.transitions if each.machine is Machine.PRIVATELINK)
    first = next(births, len(world.entries))
    told = Counter(
        (each["at"], each["method"], each["path"], each["duration"])
        for each in world.entries
        if each["kind"] == "request" and each["seq"] > first and each["method"] != "GET"
    )
    for request, times in told.items():
        if times > 1:
            yield f"the journal tells {times} times of {request}"


def lives(world: World) -> Iterator[str]:
    """Each thing's path leads through the stage tables, each step once and when due, to where its row is now."""
    rows = {(machine, resource): row for machine, resource, row in world.living()}
    for (machine, resource), path in _paths(world).items():
        yield from _path(world, path)
        row, last = rows.pop((machine, resource), None), path[-1]
        if (row["state"] if row else None) != last.target:
            yield f"{machine} {resource} is {row and row['state']}, and was last heard of as {last}"
        elif row and row["due_at"] != (due := _due(world, path)):
            yield f"{machine} {resource} is due at {row['due_at']}, not at {due}"
        elif row and row["due_at"] is not None and row["due_at"] <= world.now:
            yield f"{machine} {resource} was due at {row['due_at']}, and it is {world.now}"
    for machine, resource in rows:
        yield f"the journal does not know {machine} {resource}"


def _paths(world: World) -> dict[tuple[Machine, str], list[Transition]]:
    paths: dict[tuple[Machine, str], list[Transition]] = {}
    for each in world.transitions:
        paths.setdefault((each.machine, each.resource), []).append(each)
    return paths


def _path(world: World, path: list[Transition]) -> Iterator[str]:
    if path[0].source is not None:
        yield f"{path[0]} comes first"
    for step in path:
        if (step.machine, step.source, step.target) not in _STEPS:
            yield f"{step} is no step of the tables"
    for place, (before, after) in enumerate(pairwise(path), 1):
        if before.target is None or after.source != before.target:
            yield f"{after} follows {before}"
            continue
        due = _due(world, path[:place])
        if (after.machine, after.source, after.target) in _BY_THEMSELVES:
            if after.at != due:
                yield f"{after} fell due at {due}"
        elif due is not None and after.at > due:
            yield f"{after} was asked for behind {due}, when something else fell due"


def _due(world: World, path: list[Transition]) -> int | None:
    """When the state at the end of `path` ends by itself. No endpoint here ever had to wait for its principal."""
    last = path[-1]
    if last.target is None:
        return None
    number = world.numbers[last.resource]
    return due_after(last.machine, last.target, at=last.at, resource=number, visit=len(path) - 1, timing=world.timing)


def config_vars(world: World) -> Iterator[str]:
    """Those that come from endpoints are those of the available connections of links, names and URLs."""
    expected = dict(_expected(world))
    for app_id, config in world.config.items():
        for name, value in config.items():
            if "_ENDPOINT_" in name and expected.pop((app_id, name), None) != value:
                yield f"{world.apps[app_id]} has {name}={value}, which no connection gives"
    for app_id, name in expected:
        yield f"{world.apps[app_id]} lacks {name}"


def _expected(world: World) -> Iterator[tuple[tuple[int, str], str]]:
    alive = {row["id"] for row in world.links.values() if row["state"] not in LEAVING_LINK_STATES}
    for row in world.rows["endpoints"]:
        if row["state"] == EndpointState.AVAILABLE and row["privatelink_id"] in alive:
            app_id, name = world.variable(row["addon_name"], row["endpoint_id"])
            _, attachment = world.attachments[row["addon_name"]]
            _, _, _, region, service = row["service_name"].split(".")
            host = f"{row['endpoint_id']}-{row['dns_suffix']}.{service}.{region}.vpce.amazonaws.com"
            credentials = world.config[app_id][f"{attachment}_URL"].removeprefix("rediss://").partition("@")[0]
            yield (app_id, name), f"redis://{credentials}@{host}:6379"


def releases(world: World) -> Iterator[str]:
    """Each app's are numbered without gaps, and what they changed comes to its config vars."""
    for row in world.rows["apps"]:
        made = world.releases[row["id"]]
        versions = [each["version"] for each in made]
        if versions != list(range(1, row["release_version"] + 1)):
            yield f"{row['name']} is at v{row['release_version']}, and has the releases {versions}"
        if world.came_to[row["id"]] != world.config[row["id"]]:
            yield f"{row['name']} has other config vars than its newest release"
        for before, after in pairwise(made):
            if after["created_at"] < before["created_at"]:
                yield f"{row['name']} made v{after['version']} before v{before['version']}"


def effects(world: World) -> Iterator[str]:
    """What a connection's coming and going bring about was brought about once, at that moment."""
    due: Counter[tuple[int, str, int, bool]] = Counter()
    for each in world.transitions:
        if each.machine is Machine.ENDPOINT and EndpointState.AVAILABLE in {each.source, each.target}:
            due[*world.variable(each.name, each.resource), each.at, each.target == EndpointState.AVAILABLE] += 1
    done: Counter[tuple[int, str, int, bool]] = Counter()
    for row, name, value in world.changes:
        if "_ENDPOINT_" in name:
            done[row["app_id"], name, row["created_at"], value is not None] += 1
    for app_id, name, at, comes in (due - done) | (done - due):
        times, wanted = done[app_id, name, at, comes], due[app_id, name, at, comes]
        yield f"{world.apps[app_id]}: {name} {'came' if comes else 'went'} at {at} {times} times, not {wanted}"


def links(world: World, ledger: Ledger) -> Iterator[str]:
    """Every link that was made is there, and every one that was deleted is gone, or going."""
    born = {each.name for each in world.transitions if each.machine is Machine.PRIVATELINK and each.source is None}
    for thing in [each for each in ledger.may_be if each[0] == "link"]:
        addon = thing[1]
        row = world.links.get(addon)
        if row is None:
            found = Link.LEAVING if addon in born else Link.ABSENT
        else:
            found = Link.LEAVING if row["state"] in LEAVING_LINK_STATES else Link.ALIVE
        yield from _settled(ledger, thing, found)


def accounts(world: World, ledger: Ledger) -> Iterator[str]:
    """A link allows those that were added and not removed, for as long as it is there."""
    there: set[tuple[str, ...]] = set()
    of_ledger = {thing[1] for thing in ledger.may_be if thing[0] == "link"}
    for addon in of_ledger & world.links.keys():
        there |= {("account", addon, arn) for arn in world.accounts[world.links[addon]["id"]]}
    asked = {thing for thing in ledger.may_be if thing[0] == "account" and thing[1] in world.links}
    for thing in there | asked:
        yield from _settled(ledger, thing, thing in there)


def endpoints(world: World, ledger: Ledger) -> Iterator[str]:
    """Every endpoint that was made has been, and lives, or not, as it was asked to and as its link does."""
    states = {row["endpoint_id"]: row["state"] for row in world.rows["endpoints"]}
    of_ledger = {thing[1] for thing in ledger.may_be if thing[0] == "link"}
    for each in world.transitions:
        if each.machine is Machine.ENDPOINT and each.source is None and each.name in of_ledger:
            if each.resource not in ledger.addon_of and ledger.doubtful[each.name]:
                ledger.doubtful[each.name] -= 1
                ledger.made(each.name, each.resource, Fate.DONE)
            elif each.resource not in ledger.addon_of:
                yield f"nobody made the endpoint {each.resource} of {each.name}"
            states.setdefault(each.resource, None)
    ledger.doubtful.clear()
    for endpoint_id, addon in ledger.addon_of.items():
        if endpoint_id not in states:
            yield f"the endpoint {endpoint_id} of {addon} was never made"
            continue
        state = states[endpoint_id]
        if state == EndpointState.REJECTED and ledger.is_sure(("link", addon), Link.LEAVING):
            continue
        if state not in {*LIVE_ENDPOINT_STATES, *_LEAVING_ENDPOINTS}:
            yield f"the endpoint {endpoint_id} of {addon} is {state}"
        if state in LIVE_ENDPOINT_STATES and not ledger.is_sure(("link", addon), Link.ALIVE):
            yield f"the endpoint {endpoint_id} of {addon} is {state}, and its link is not there"
        yield from _settled(ledger, ("endpoint", endpoint_id), state in LIVE_ENDPOINT_STATES)


def settings(world: World, ledger: Ledger) -> Iterator[str]:
    """A config var has the value that was set last, and each that was set had a release of its own."""
    numbers = {name: number for number, name in world.apps.items()}
    for thing in [each for each in ledger.may_be if each[0] == "var"]:
        yield from _settled(ledger, thing, world.config[numbers[thing[1]]].get(thing[2]))
    for each in ledger.settings:
        times = world.released[numbers[each.app], each.name, each.value]
        if times not in ({1} if each.fate is Fate.DONE else {0, 1}):
            yield f"{each} was released {times} times"


def _settled(ledger: Ledger, thing: tuple[str, ...], found: object) -> Iterator[str]:
    """What was found must be possible, and is from now on what is known."""
    possible = ledger.possible(thing)
    if found not in possible:
        yield f"{' '.join(thing)} is {found}, and may only be {' or '.join(sorted(map(str, possible)))}"
    ledger.found(thing, found)


def shown(driver: Driver, world: World) -> Iterator[str]:
    """What Heroku's clients are shown: vars of exactly the available connections, at their hosts, and all releases."""
    through: dict[str, dict[str, str]] = {name: {} for name in world.apps.values()}
    for addon in world.links:
        link = driver.shown(addon)
        for each in link["connections"]:
            if each["status"] == "Available":
                _, name = world.variable(addon, each["endpoint_id"])
                through[link["app"]["name"]][name] = each["hostname"]
    for number, app in world.apps.items():
        config = driver.config(app)
        if config != world.config[number]:
            yield f"{app} is shown with other config vars than it has"
        hosts = {name: value.rpartition("@")[2].removesuffix(":6379") for name, value in config.items()}
        if {name: host for name, host in hosts.items() if "_ENDPOINT_" in name} != through[app]:
            yield f"{app} has other endpoints in its config vars than connections"
        versions = [each["version"] for each in driver.get(f"/apps/{app}/releases", range="version ..; max=1000")]
        if versions != list(range(1, len(versions) + 1)):
            yield f"{app} is shown with the releases {versions}"
        last = driver.get(f"/apps/{app}/releases/current")["version"]
        if last != len(versions):
            yield f"{app} is shown {len(versions)} releases, and is at v{last}"
