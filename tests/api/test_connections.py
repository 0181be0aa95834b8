"""Connections: the faults that they meet, and what the journal and the metrics tell of them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from driver import World
from fastapi.testclient import TestClient
from kagemusha.domain.connections import Outcome, Reason
from kagemusha.domain.doors import DataStore, Door, Kind
from kagemusha.domain.faults import RequestEffect
from kagemusha.domain.redis import RedisSettings
from kagemusha.services import connections
from kagemusha.services.connections import Counts, Entry
from kagemusha.services.faults import meet_connection
from kagemusha.services.transactions import Transactions
from kagemusha.store.records import Source
from live import serving

STORE = DataStore("world", "key", "redis-ferry", "redis", "default", "secret", "d0", RedisSettings())
DOOR = Door("vpce-1.example", ("vpce-1-use1-az1.example",), 6379, "vpce-1", is_open=True, filter=None, store=STORE)
SOURCE = Source("127.0.0.2", "10.0.1.20", "[]")
LABELS = connections.labels(DOOR, SOURCE)
CONNECTED = Entry("redis", DOOR.host, "redis-ferry", "127.0.0.2", Outcome.CONNECTED, "vpce-1", "10.0.1.20")
Met = tuple[int, RequestEffect] | None


class Plane:
    """What a data plane asks of the services, about one world."""

    def __init__(self, client: TestClient, world: World) -> None:
        """Through the server's own transactions."""
        self._portal = client.portal
        self.worlds: Transactions = client.app.state.transactions  # type: ignore[attr-defined]
        self.number: int = self.call(self._find, world.name)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a coroutine function where the server runs."""
        assert self._portal is not None
        return self._portal.call(function, *arguments)

    async def _find(self, name: str) -> int:
        async with self.worlds.reading(("name", name)) as context:
            assert context is not None
            return context.sandbox.id

    def meet(self, kind: Kind = "redis", **more: tuple[str, ...]) -> Met:
        """The fault that a connection meets."""
        found: Met = self.call(meet_connection, self.worlds, self.number, kind, {**LABELS, **more})
        return found

    def note(self, entry: Entry) -> None:
        """Let the journal tell of a connection."""

        async def noting() -> None:
            connections.note(self.worlds, self.number, 1_893_456_000_000, entry)

        self.call(noting)


@pytest.fixture
def world(client: TestClient) -> World:
    """A sandbox."""
    return World.make(client)


@pytest.fixture
def plane(client: TestClient, world: World) -> Plane:
    """A data plane for it."""
    return Plane(client, world)


@pytest.mark.parametrize(
    ("effect", "met"),
    [
        ({"refuse": True}, RequestEffect(refuse=True)),
        ({"cut_after": 0}, RequestEffect(cut_after=0)),
        ({"cut_after": 100, "latency": 0.5}, RequestEffect(cut_after=100, latency=0.5)),
        ({"latency": 2}, RequestEffect(latency=2)),
    ],
    ids=str,
)
def test_a_fault_is_met_by_a_connection(
    world: World, plane: Plane, effect: dict[str, object], met: RequestEffect
) -> None:
    """A connection meets it as often as it says, counted and written down, after which there is none."""
    ordered = world.sim("POST", "/faults", {"operation": "redis.connect", "effect": effect, "times": 2})
    assert (ordered["effect"], ordered["remaining"]) == (effect, 2)
    assert [plane.meet(), plane.meet(), plane.meet()] == [(1, met), (1, met), None]
    assert world.sim("GET", "/faults/1")["hits"] == 2
    told = world.sim("GET", "/journal?kind=fault")["entries"]
    assert [(each["operation"], each["effect"]) for each in told] == [("redis.connect", effect)] * 2


@pytest.mark.parametrize(
    ("match", "is_met"),
    [
        ({}, True),
        ({"addon": "redis-ferry"}, True), ({"addon": "redis-tender"}, False),
        ({"endpoint": "vpce-1"}, True), ({"endpoint": "vpce-2"}, False),
        ({"host": DOOR.host}, True), ({"host": DOOR.aliases[0]}, True), ({"host": "example"}, False),
        ({"source": "127.0.0.2"}, True), ({"source": "10.0.1.20"}, True), ({"source": "127.0.0.1"}, False),
        ({"addon": "redis-ferry", "source": "127.0.0.1"}, False),
    ],
)  # fmt: skip
def test_a_fault_is_matched_by_who_connects_whereto(
    world: World, plane: Plane, match: dict[str, str], is_met: bool
) -> None:
    """By the add-on, the endpoint, any name of the host and either address of the source."""
    world.sim("POST", "/faults", {"operation": "redis.connect", "effect": {"refuse": True}, "match": match})
    assert (plane.meet() is not None) is is_met


def test_an_addons_own_door_has_no_endpoint(world: World, plane: Plane) -> None:
    """A fault of an endpoint is not met where there is none."""
    world.sim("POST", "/faults", {"operation": "redis.connect", "effect": {"refuse": True}, "match": {"endpoint": "x"}})
    own = Door(DOOR.host, (), 6379, None, is_open=True, filter=None, store=STORE)
    assert plane.meet(**connections.labels(own, SOURCE)) is None  # type: ignore[arg-type]


def test_connections_and_requests_meet_their_own(world: World, plane: Plane) -> None:
    """`*` means no connection, a store's fault no other's, and no request meets a fault of connections."""
    world.sim("POST", "/faults", {"operation": "*", "effect": {"status": 503}, "times": 1})
    world.sim("POST", "/faults", {"operation": "postgres.connect", "effect": {"refuse": True}})
    assert plane.meet() is None
    assert plane.meet("postgres") == (2, RequestEffect(refuse=True))
    assert [world.send("GET", "/account").status_code for _ in range(2)] == [503, 200]
    assert [each["hits"] for each in world.sim("GET", "/faults")] == [1, 1]


def test_a_scenario_may_have_faults_of_connections(client: TestClient) -> None:
    """They are spelled as those that are ordered."""
    faults = [{"operation": "postgres.connect", "effect": {"cut_after": 9}, "match": {"addon": "redis-ferry"}}]
    world = World.make(client, scenario={"version": 1, "faults": faults})
    assert Plane(client, world).meet("postgres") == (1, RequestEffect(cut_after=9))


def test_a_fault_of_connections_is_drawn_by_the_seed(client: TestClient) -> None:
    """The same connections of worlds with the same seed meet a fault with a probability."""
    met = []
    for name in ("one", "two"):
        world = World.make(client, name)
        body = {"operation": "redis.connect", "effect": {"refuse": True}, "probability": 0.5}
        world.sim("POST", "/faults", body)
        plane = Plane(client, world)
        met.append([plane.meet() is not None for _ in range(30)])
    assert met[0] == met[1]
    assert {True, False} == set(met[0])


def test_without_faults_a_connection_writes_nothing(
    world: World, plane: Plane, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only stages have faults, or nobody, who connects waits for no lock; a sandbox that is gone has none."""
    world.sim("POST", "/faults", {"stage": "space.allocating", "effect": {"hold": True}})

    def writing(*_: object, **__: object) -> None:
        raise AssertionError

    with monkeypatch.context() as patch:
        patch.setattr(plane.worlds, "writing", writing)
        assert plane.meet() is None
    world.sim("POST", "/faults", {"operation": "redis.connect", "effect": {"refuse": True}})
    assert plane.meet() is not None
    world.ask_sim("DELETE", "")
    assert plane.meet() is None


def test_the_journal_tells_of_connections(world: World, plane: Plane) -> None:
    """In order with the requests, with who came whereto, what became of it and why; what is not known is not there."""
    world.get("/account")
    plane.note(CONNECTED)
    closed = Entry("redis", DOOR.host, "redis-ferry", "127.0.0.2", Outcome.CLOSED, "vpce-1", "10.0.1.20", Reason.CLIENT,
                   received=14, sent=7, duration=0.1234567891)  # fmt: skip
    plane.note(closed)
    world.get("/account")
    plane.note(Entry("postgres", "ec2-1.example", "postgresql-ferry", "127.0.0.1", Outcome.REFUSED,
                     reason=Reason.FAULT, fault=3))  # fmt: skip
    entries = world.sim("GET", "/journal")["entries"]
    assert [each["kind"] for each in entries] == ["request", "connection", "connection", "request", "connection"]
    told = world.sim("GET", "/journal?kind=connection")["entries"]
    assert told == [each for each in entries if each["kind"] == "connection"]
    common = {"sandbox": "one", "kind": "connection", "at": "2030-01-01T00:00:00.000Z"}
    through = common | {"operation": "redis.connect", "host": DOOR.host, "endpoint": "vpce-1", "addon": "redis-ferry",
                        "source": "127.0.0.2", "vpc_address": "10.0.1.20"}  # fmt: skip
    assert [{name: value for name, value in each.items() if name != "seq"} for each in told] == [
        through | {"outcome": "connected"},
        through | {"outcome": "closed", "reason": "client", "bytes_received": 14, "bytes_sent": 7,
                   "duration": 0.123457},
        common | {"operation": "postgres.connect", "host": "ec2-1.example", "addon": "postgresql-ferry",
                  "source": "127.0.0.1", "outcome": "refused", "reason": "fault", "fault": 3},
    ]  # fmt: skip


def test_a_snapshot_tells_of_connections(client: TestClient, world: World, plane: Plane) -> None:
    """What the journal tells of them goes where the world goes, and is none of what must be equal."""
    plane.note(CONNECTED)
    taken = world.sim("GET", "/snapshot")
    (told,) = taken["requests"]
    assert (told["kind"], told["outcome"]) == ("connection", "connected")
    other = World.make(client, "two")
    other.sim("PUT", "/snapshot", taken)
    (again,) = other.sim("GET", "/journal?kind=connection")["entries"]
    assert {name: again[name] for name in told} == told


def test_connections_are_followed(world: World, plane: Plane, client: TestClient) -> None:
    """What waits for the journal is told of a connection by its kind."""
    plane.note(CONNECTED)
    path = f"/_sim/sandboxes/{world.name}/journal?kind=connection&wait=5"
    assert [each["outcome"] for each in client.get(path).json()["entries"]] == ["connected"]


def test_connections_are_followed_as_events() -> None:
    """Each is an event with the journal's name for it."""
    with serving("--ephemeral") as server, server.client() as client:
        world = World.make(client, None)
        taken = world.sim("GET", "/snapshot")
        told = {"kind": "connection", "at": "2030-01-01T00:00:00Z", **CONNECTED.detail}
        world.sim("PUT", "/snapshot", taken | {"requests": [told]})
        path = f"/_sim/sandboxes/{world.name}/journal?kind=connection"
        with client.stream("GET", path, headers={"Accept": "text/event-stream"}) as stream:
            lines = [line for line, _ in zip(filter(None, stream.iter_lines()), range(4), strict=False)]
    assert lines[2] == "event: connection"
    assert json.loads(lines[3].removeprefix("data: "))["outcome"] == "connected"


def test_of_a_sandbox_that_is_gone_nothing_is_told(world: World, plane: Plane) -> None:
    """A connection that is noted when its world is no more holds nobody up."""
    world.ask_sim("DELETE", "")
    plane.note(CONNECTED)
    plane.call(plane.worlds.write_all_down)
    assert plane.worlds.requests.sandboxes == []


def test_connections_are_counted() -> None:
    """Of each world: let in, open now, turned away and why, and the bytes both ways of those that have ended."""
    counts = Counts()
    ended = Entry("redis", "h", "a", "127.0.0.1", Outcome.CLOSED, reason=Reason.CLIENT, received=3, sent=5)
    turned_away = [
        Entry("redis", "h", "a", "127.0.0.1", outcome, reason=reason)
        for outcome, reason in (
            (Outcome.REFUSED, Reason.NOT_AVAILABLE), (Outcome.HANGING, Reason.SECURITY_GROUP),
            (Outcome.REFUSED, Reason.FAULT), (Outcome.HANGING, Reason.SECURITY_GROUP),
        )
    ]  # fmt: skip
    for entry in (CONNECTED, CONNECTED, ended, CONNECTED, ended, *turned_away):
        counts.add(1, entry)
    counts.add(2, CONNECTED)
    assert counts.of(1).shown() == {
        "connected": 3, "open": 1, "refused": {"fault": 1, "not_available": 1, "security_group": 2},
        "bytes_received": 6, "bytes_sent": 10,
    }  # fmt: skip
    assert (counts.of(2).connected, counts.of(2).open) == (1, 1)
    counts.forget(2)
    assert counts.of(2).shown() == counts.of(3).shown()
