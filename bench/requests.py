"""What is asked over HTTP, of our servers and of those they are held against."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from bench import scenarios, servers
from bench.load import Load, Measured, measure
from bench.report import BARE, MOTO, PRISM, Report
from bench.servers import Server
from bench.worlds import fill

CONNECTIONS = (1, 16)
_MOTOS = 100
"""Endpoints that moto's server keeps: it reads all of them for each answer."""
_CREATES = 200
"""Privatelinks made in one measurement."""
_WARMING = 0.5
"""Seconds for which each server is asked before any is measured: Node compiles what it runs often."""

Place = tuple[str, str]
"""What is asked, and of which world."""


@dataclass(frozen=True)
class Turns:
    """In each of `rounds` every server is asked for `seconds`."""

    rounds: int
    seconds: float


def measured(report: Report, folder: Path, sizes: tuple[int, ...], turns: Turns, postgresql: str) -> None:
    """Ask all servers turn by turn, so that what disturbs one disturbs all, and report it.

    Over SQLite there is a world of each of `sizes` links, over the database `postgresql` one of 1,000.
    """
    spare = _CREATES * turns.rounds * len(CONNECTIONS)
    worlds = {f"SQLite, {size:,}": (f"sqlite:///{folder}/{size}.db", size) for size in sizes}
    worlds["PostgreSQL, 1,000"] = (postgresql, 1_000)
    with ExitStack() as stack:
        loads: dict[Place, tuple[int, list[str]]] = {}
        making: dict[Place, tuple[int, Iterator[list[str]]]] = {}
        for name, (url, size) in worlds.items():
            key = fill(url, size, spare)
            port = stack.enter_context(servers.kagemusha(url)).port
            for what, asked in scenarios.reads(key, size).items():
                if what == scenarios.GET or name.startswith("SQLite"):
                    loads[what, name] = (port, asked)
            if name.startswith("SQLite"):
                making[scenarios.CREATE, name] = (port, _chunks(scenarios.creates(key, size, spare)))
        loads |= _baselines(stack)
        for port, asked in loads.values():
            measure(Load(port, asked, 1, _WARMING))
        for connections in CONNECTIONS:
            report.requests(connections, _taken(loads, making, connections, turns))


def _baselines(stack: ExitStack) -> dict[Place, tuple[int, list[str]]]:
    bare, moto, prism = (stack.enter_context(each()) for each in (servers.bare, servers.moto, servers.prism))
    return {
        (BARE, ""): (bare.port, [scenarios.request("any", "GET", "/databases/redis-1")]),
        (MOTO, f"{_MOTOS} stored"): (moto.port, scenarios.describe(fill_moto(moto, _MOTOS))),
        (PRISM, "nothing stored"): (prism.port, scenarios.get("any", range(1_000))),
    }


def _taken(
    loads: dict[Place, tuple[int, list[str]]],
    making: dict[Place, tuple[int, Iterator[list[str]]]],
    connections: int,
    turns: Turns,
) -> dict[Place, list[Measured]]:
    taken: dict[Place, list[Measured]] = {}
    for _ in range(turns.rounds):
        for place, (port, asked) in loads.items():
            taken.setdefault(place, []).append(measure(Load(port, asked, connections, turns.seconds)))
        for place, (port, chunks) in making.items():
            load = Load(port, next(chunks), connections, 60.0, again=False)
            taken.setdefault(place, []).append(measure(load))
    return taken


def _chunks(requests: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(requests), _CREATES):
        yield requests[start : start + _CREATES]


def fill_moto(server: Server, endpoints: int) -> str:
    """Let moto keep endpoints; returns the id of one."""

    def ask(**asked: str) -> str:
        body = urlencode({**asked, "Version": "2016-11-15"}).encode()
        with urlopen(Request(server.url, body, servers.AWS_HEADERS)) as answer:
            return str(answer.read().decode())

    vpc = ask(Action="DescribeVpcs").split("<vpcId>")[1].split("<")[0]
    said = ""
    for _ in range(endpoints):
        said = ask(Action="CreateVpcEndpoint", VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
    return said.split("<vpcEndpointId>")[1].split("<")[0]
