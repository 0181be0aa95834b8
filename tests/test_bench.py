"""The pieces of ``make bench`` run, and it says which floors are missed. Nothing here is timed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from bench import advancing, gateway, requests, scenarios, servers, worlds
from bench.load import Load, Measured, measure
from bench.report import BARE, GATEWAY, MOTO, MOTO_COLD, OURS, PRISM, STUNNEL, Report
from bench.servers import Server

LINKS, SPARE = 12, 8


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A server over a world of the bench's, and the world's key."""
    url = f"sqlite:///{tmp_path_factory.mktemp('bench')}/world.db"
    key = worlds.fill(url, LINKS, SPARE)
    with servers.kagemusha(url) as server:
        yield server, key


@pytest.mark.parametrize("what", scenarios.reads("", LINKS))
def test_what_is_read_is_answered(served: tuple[Server, str], what: str) -> None:
    """Every request of every scenario succeeds, over several connections; the client refuses anything else."""
    server, key = served
    asked = scenarios.reads(key, LINKS)[what]
    assert measure(Load(server.port, asked, 2, 60.0, most=2 * LINKS)).count >= 2 * LINKS
    assert server.memory > 0


def test_what_is_created_is_created_once(served: tuple[Server, str]) -> None:
    """Each spare add-on gets a privatelink, and a second try is an error that ends the measurement."""
    server, key = served
    asked = scenarios.creates(key, LINKS, SPARE)
    assert measure(Load(server.port, asked, 2, 60.0, again=False)).count == SPARE
    with pytest.raises(RuntimeError, match="409"):
        measure(Load(server.port, asked, 1, 60.0, again=False))


@pytest.mark.parametrize(
    ("start", "asked"),
    [
        (servers.bare, lambda _: [scenarios.request("any", "GET", "/databases/redis-1")]),
        (servers.prism, lambda _: scenarios.get("any", range(3))),
        (servers.moto, lambda server: scenarios.describe(requests.fill_moto(server, 2))),
    ],
)
def test_what_it_is_held_against_answers(
    start: Callable[[], AbstractContextManager[Server]], asked: Callable[[Server], list[str]]
) -> None:
    """The baselines answer what they are asked with a success."""
    with start() as server:
        assert server.cold > 0
        assert measure(Load(server.port, asked(server), 2, 60.0, most=6)).count >= 6


def test_time_is_let_run(database: str) -> None:
    """Every endpoint of the world becomes available, and the plain batches change every endpoint."""
    worlds.fill(database, LINKS)
    assert advancing.plain(database) > 0
    assert advancing.advancing(database) > 0


def test_redis_answers_on_tls_both_ways(tmp_path: Path) -> None:
    """The gateway and stunnel agree with clients on the same TLS 1.3, and a wrong password is told by both."""
    with gateway.gateway(tmp_path) as ours, gateway.stunnel(tmp_path) as theirs:
        assert ours.agreed() == theirs.agreed()
        assert ours.agreed()[0] == "TLSv1.3"
        for way in (ours, theirs):
            assert way.ask("set", 1, 1, 1).count == 1
            measured = way.ask("get", 3, 4, 100)
            assert measured.rate > 0
            assert measured.p99 >= measured.p50 > 0
            with pytest.raises(RuntimeError, match="WRONGPASS"):
                replace(way, password="wrong").agreed()
            with pytest.raises(RuntimeError, match="WRONGPASS"):
                replace(way, password="wrong").ask("get", 1, 1, 1)


@pytest.mark.parametrize(("of_stunnel", "reached"), [(0.5, True), (0.49, False)])
def test_a_slow_gateway_is_told(of_stunnel: float, reached: bool) -> None:
    """It has at least half of stunnel's rate."""
    report = Report()
    rows = {GATEWAY: [Measured(1_000 * of_stunnel, 1.0, 2.0, 10)], STUNNEL: [Measured(1_000, 1.0, 2.0, 10)]}
    report.gateway(16, 16, rows)
    assert report.reached is reached
    assert report.floors[0][1].startswith("the gateway, at 16 connections, 16 at once")


def taken(of_bare: float, p99: float = 2.0) -> dict[tuple[str, str], list[Measured]]:
    """A round in which our server has `of_bare` of bare's rate."""

    def row(rate: float) -> list[Measured]:
        return [Measured(rate, 1.0, p99, 10)]

    return {
        (scenarios.GET, "SQLite, 10"): row(1_000 * of_bare), (scenarios.GET, "SQLite, 1,000"): row(1_000 * of_bare),
        (BARE, ""): row(1_000), (MOTO, ""): row(10), (PRISM, ""): row(500),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fast", "tail", "cold", "memory", "advance", "reached"),
    [
        (0.6, 2.0, 1.5, 100.0, 50.0, True),
        (0.4, 2.0, 1.5, 100.0, 50.0, False),
        (0.6, 3.5, 1.5, 100.0, 50.0, False),
        (0.6, 2.0, 1.7, 100.0, 50.0, False),
        (0.6, 2.0, 1.5, 111.0, 50.0, False),
        (0.6, 2.0, 1.5, 100.0, 9.0, False),
    ],
)
def test_a_missed_floor_is_told(
    fast: float, tail: float, cold: float, memory: float, advance: float, reached: bool
) -> None:
    """The run is a success exactly when every floor is reached."""
    report = Report()
    report.requests(1, taken(fast, tail))
    report.cold({OURS: cold, BARE: 1.0, MOTO_COLD: 3.0})
    report.memory(1, 100.0, 2, memory)
    report.advance("SQLite", advance, 100.0)
    assert report.reached is reached
    assert report.aims == [
        (fast > 0.5, f"{scenarios.GET}, {where}, at 1: {fast * 2:.2f} of Prism's rate")
        for where in ("SQLite, 10", "SQLite, 1,000")
    ]
