"""Scripts: random actions at random moments, and the ways to live through one.

A way decides how time passes between two actions: in one jump or in slices with looks in between, told to a manual
clock or by the machine's clock with the scheduler looking. Whatever the way, the world must come out the same.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from random import Random
from typing import Any

import httpx
from driver import World
from hypothesis import strategies as st
from starlette.testclient import TestClient

Action = tuple[Any, ...]
"""A verb and what it is about."""


@dataclass(frozen=True)
class Step:
    """Let `gap` milliseconds pass, then do `action`."""

    gap: int
    action: Action


APPS = ["ferry", "tender", "pilot"]
SPACES = ["harbor", "marina"]
ADDONS = ["redis-one", "redis-two", "postgres-one", "kafka-one"]
PLANS = [
    "heroku-redis:private-7",
    "heroku-postgresql:private-4",
    "heroku-kafka:private-standard-2",
    "heroku-redis:mini",
]
_PRINCIPALS = ["123456789101", "123456789101:user/abc.xyz", "210987654321:role/deploy", "12345"]
ACCOUNTS = [[each] for each in _PRINCIPALS] + [[one, other] for one in _PRINCIPALS for other in _PRINCIPALS]
PRINCIPALS = ["123456789101:user/abc.xyz", "210987654321:role/deploy", "210987654321"]
ENDPOINTS = [0, 1, 2, 3]
FAULTS = [
    ("addon.provisioning", {"slow": 3}), ("addon.provisioning", {"fail": True}),
    ("privatelink.provisioning", {"hold": True}), ("privatelink.provisioning", {"fail": True}),
    ("allowed_account.provisioning", {"hold": True}), ("endpoint.pending_acceptance", {"hold": True}),
    ("endpoint.pending_acceptance", {"fail": "rejected"}), ("endpoint.pending", {"fail": True}),
    ("space.deleting", {"slow": 0.5}),
]  # fmt: skip
OPTIONS: dict[str, tuple[Sequence[Any], ...]] = {
    "space": (SPACES,),
    "app": (APPS, SPACES),
    "addon": (APPS, ADDONS, PLANS),
    "attach": (ADDONS, APPS, [None, "CACHE"]),
    "detach": (APPS, ["REDIS", "CACHE", "DATABASE"]),
    "link": (ADDONS, ACCOUNTS),
    "allow": (ADDONS, ACCOUNTS),
    "disallow": (ADDONS, ACCOUNTS),
    "unlink": (ADDONS,),
    "endpoint": (ADDONS, PRINCIPALS),
    "accept": (ENDPOINTS,),
    "reject": (ENDPOINTS,),
    "drop": (ENDPOINTS,),
    "config": (APPS, ["A", "B"], ["1", "2", None]),
    "rotate": (ADDONS,),
    "timeout": (ADDONS, [0, 1, 2, 3]),
    "destroy_addon": (APPS, ADDONS),
    "destroy_app": (APPS,),
    "destroy_space": (SPACES,),
    "fault": (FAULTS, [None, 1, 2], [None, 0.5]),
    "heal": (),
    "steer": (["hold", "release", "step"], [0, 1, 2]),
}
"""What each verb may be about."""
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    *(st.tuples(st.just(verb), *map(st.sampled_from, about)) for verb, about in OPTIONS.items())
)


def anything(random: Random) -> Step:
    """A random step, soon."""
    verb = random.choice(list(OPTIONS))
    return Step(random.choice([0, 1_000, 60_000, 240_000]), (verb, *(random.choice(about) for about in OPTIONS[verb])))


GAPS = st.one_of(st.sampled_from([0, 1, 1_000, 60_000, 240_000, 601_000]), st.integers(0, 1_500_000))
SCRIPTS = st.lists(st.builds(Step, GAPS, ACTIONS), min_size=1, max_size=12)

PRELUDE = [
    Step(0, ("space", "harbor")),
    Step(480_000, ("app", "ferry", "harbor")),
    Step(0, ("addon", "ferry", "redis-one", "heroku-redis:private-7")),
    Step(360_000, ("link", "redis-one", ["123456789101"])),
    Step(600_000, ("endpoint", "redis-one", "123456789101:user/abc.xyz")),
]
"""A world that is worth meeting: a link, and an endpoint that waits."""

SUSPENDED = [
    *PRELUDE[:3],
    Step(0, ("addon", "ferry", "postgres-one", "heroku-postgresql:private-4")),
    *PRELUDE[3:],
    Step(1_000, ("disallow", "redis-one", ["123456789101"])),
    Step(1_000, ("link", "postgres-one", ["123456789101"])),
    Step(0, ("space", "marina")),
    Step(1_000, ("allow", "redis-one", ["123456789101"])),
]
"""A world in which what falls due stirs what would fall due later: an account resumes an endpoint that waits."""

LONG_ENOUGH = 1_800_000
"""Milliseconds after the last action that every way lives on."""


class Actor:
    """Does actions in a world and keeps what they answered."""

    def __init__(self, world: World) -> None:
        """Act in `world`."""
        self.world = world
        self.answers: list[tuple[int, Any]] = []
        self._endpoints: list[str] = []

    def in_another(self, world: World) -> "Actor":
        """The same actor in a world that has become the same; both begin anew to keep what they are answered."""
        other = Actor(world)
        self.answers.clear()
        other._endpoints = list(self._endpoints)
        return other

    def act(self, action: Action) -> None:
        """Send what `action` means; a refusal is as good an answer as any, an error of the server's is not."""
        verb, *about = action
        answer: httpx.Response = getattr(self, f"_{verb}")(*about)
        assert answer.status_code < 500, (action, answer.text)
        self.answers.append((answer.status_code, answer.json()))

    def _space(self, name: str) -> httpx.Response:
        return self.world.send("POST", "/spaces", {"name": name, "team": "kagemusha", "region": "dublin"})

    def _app(self, name: str, space: str) -> httpx.Response:
        return self.world.send("POST", "/teams/apps", {"name": name, "space": space})

    def _addon(self, app: str, name: str, plan: str) -> httpx.Response:
        return self.world.send("POST", f"/apps/{app}/addons", {"name": name, "plan": plan})

    def _attach(self, addon: str, app: str, name: str | None) -> httpx.Response:
        return self.world.send("POST", "/addon-attachments", {"addon": addon, "app": app, "name": name})

    def _detach(self, app: str, name: str) -> httpx.Response:
        return self.world.send("DELETE", f"/addon-attachments/{app}::{name}")

    def _link(self, addon: str, accounts: Sequence[str]) -> httpx.Response:
        return self.world.send("POST", self._path(addon), {"allowed_accounts": accounts})

    def _allow(self, addon: str, accounts: Sequence[str]) -> httpx.Response:
        return self.world.send("PUT", self._path(addon, "/allowed_accounts"), {"allowed_accounts": accounts})

    def _disallow(self, addon: str, accounts: Sequence[str]) -> httpx.Response:
        return self.world.send("PATCH", self._path(addon, "/allowed_accounts"), {"allowed_accounts": accounts})

    def _unlink(self, addon: str) -> httpx.Response:
        return self.world.send("DELETE", self._path(addon))

    def _path(self, addon: str, rest: str = "") -> str:
        return f"/private-link/v0/databases/{addon}{rest}"

    def _endpoint(self, addon: str, principal: str) -> httpx.Response:
        link = self.world.send("GET", self._path(addon)).json()
        body = {"service_name": link.get("service_name", "com.none"), "principal_arn": principal}
        answer = self.world.ask_sim("POST", "/endpoints", body)
        if answer.is_success:
            self._endpoints.append(answer.json()["endpoint_id"])
        return answer

    def _of_endpoint(self, method: str, number: int, rest: str = "") -> httpx.Response:
        ids = self._endpoints or ["vpce-none"]
        return self.world.ask_sim(method, f"/endpoints/{ids[number % len(ids)]}{rest}")

    def _accept(self, number: int) -> httpx.Response:
        return self._of_endpoint("POST", number, "/accept")

    def _reject(self, number: int) -> httpx.Response:
        return self._of_endpoint("POST", number, "/reject")

    def _drop(self, number: int) -> httpx.Response:
        return self._of_endpoint("DELETE", number)

    def _config(self, app: str, name: str, value: str | None) -> httpx.Response:
        return self.world.send("PATCH", f"/apps/{app}/config-vars", {name: value})

    def _rotate(self, addon: str) -> httpx.Response:
        return self.world.send("POST", f"/redis/v0/databases/{addon}/credentials_rotation", {})

    def _timeout(self, addon: str, seconds: int) -> httpx.Response:
        return self.world.send("PATCH", f"/redis/v0/databases/{addon}/config", {"timeout": seconds})

    def _destroy_addon(self, app: str, addon: str) -> httpx.Response:
        return self.world.send("DELETE", f"/apps/{app}/addons/{addon}", {"force": False})

    def _destroy_app(self, app: str) -> httpx.Response:
        return self.world.send("DELETE", f"/apps/{app}")

    def _destroy_space(self, space: str) -> httpx.Response:
        return self.world.send("DELETE", f"/spaces/{space}")

    def _fault(self, fault: tuple[str, object], times: int | None, probability: float | None) -> httpx.Response:
        stage, effect = fault
        body = {"stage": stage, "effect": effect, "times": times, "probability": probability}
        return self.world.ask_sim("POST", "/faults", body)

    def _heal(self) -> httpx.Response:
        assert self.world.ask_sim("DELETE", "/faults").status_code == 204
        return self.world.ask_sim("GET", "/faults")

    def _steer(self, how: str, number: int) -> httpx.Response:
        pending = [each["resource"] for each in self.world.sim("GET", "/pending")["pending"]] or ["none"]
        return self.world.ask_sim("POST", f"/pending/{pending[number % len(pending)]}/{how}")


LOOKS: tuple[Callable[[World], object], ...] = (
    lambda world: world.get("/addons", range="name ..; max=2"),
    lambda world: world.get("/addon-attachments", accept_inclusion="config_vars"),
    lambda world: world.send("GET", "/apps/ferry/config-vars"),
    lambda world: world.send("GET", "/private-link/v0/databases/redis-one"),
    lambda world: world.send("GET", "/redis/v0/databases/redis-one"),
    lambda world: world.sim("GET", "/pending"),
    lambda world: world.sim("GET", "/snapshot"),
    lambda world: world.refusal("POST", "/apps", {"name": "x"}),
    lambda world: world.refusal("POST", "/apps/ferry/addons", {"plan": "heroku-redis:no-such-plan"}),
    lambda world: world.ask_sim("POST", "/endpoints", {"service_name": "com.amazonaws.vpce.none"}),
)
"""What may be asked, or refused, at any moment without a trace."""


@dataclass
class Jump:
    """Time passes in one jump of a manual clock, and nobody looks."""

    options: dict[str, Any] = field(default_factory=lambda: {"clock": "manual"})

    def wait(self, world: World, milliseconds: int) -> None:
        """Let time pass."""
        world.advance(milliseconds / 1000)


@dataclass
class Slices(Jump):
    """Time passes in slices of a manual clock, with looks in between."""

    random: Random = field(default_factory=Random)

    def wait(self, world: World, milliseconds: int) -> None:
        """See Jump."""
        for part in self.cut(milliseconds):
            world.advance(part / 1000)
            self.look(world)

    def cut(self, milliseconds: int) -> list[int]:
        """Parts that make `milliseconds` together."""
        cuts = sorted(self.random.randint(0, milliseconds) for _ in range(self.random.randint(0, 6)))
        return [end - start for start, end in zip([0, *cuts], [*cuts, milliseconds], strict=True)]

    def look(self, world: World) -> None:
        """Ask something, or nothing."""
        if self.random.random() < 0.7:
            self.random.choice(LOOKS)(world)


class MachineClock:
    """A machine's clock that tests move."""

    def __init__(self) -> None:
        """Begin at some moment."""
        self.now = 1_800_000_000_000

    def __call__(self) -> int:
        """Milliseconds."""
        return self.now


@dataclass
class Running(Slices):
    """Time passes by the machine's clock; the scheduler looks now and then, and so may others."""

    options: dict[str, Any] = field(default_factory=lambda: {"clock": "auto", "pace": 1})

    def wait(self, world: World, milliseconds: int) -> None:
        """See Jump."""
        client: Any = world.client
        for part in self.cut(milliseconds):
            client.machine_clock.now += part
            if self.random.random() < 0.5:
                client.portal.call(client.app.state.transactions.settle_waking)
            self.look(world)


Lived = list[str]
"""What came of a script, line by line: what its actions answered, then the whole world at its end."""


def told(world: World, answers: Sequence[tuple[int, Any]]) -> Lived:
    """The answers and the world as lines, the sandbox's own name masked: it is not of the seed."""
    everything = world.everything()
    del everything["clock"]["mode"]
    rows = [(table, row) for table, kept in everything.pop("world").items() for row in kept]
    transitions = everything.pop("transitions")
    return [json.dumps(line).replace(world.name, "NAME") for line in (*answers, *transitions, *rows, everything)]


def check_same(lived: Lived, expected: Lived) -> None:
    """Raise AssertionError with the first line that differs."""
    for number, (line, wanted) in enumerate(zip_longest(lived, expected)):
        assert line == wanted, f"line {number} is\n  {line}\nand should be\n  {wanted}"


def live(client: TestClient, script: Sequence[Step], way: Jump, seed: int = 7) -> Lived:
    """Live through `script` in a new sandbox, `way`; the sandbox is gone afterwards."""
    world = World.make(client, None, seed=seed, **way.options)
    actor = Actor(world)
    for step in script:
        way.wait(world, step.gap)
        actor.act(step.action)
    way.wait(world, LONG_ENOUGH)
    lived = told(world, actor.answers)
    world.sim("DELETE", "")
    return lived
