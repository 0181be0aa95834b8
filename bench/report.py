"""The table, and the floors beside it."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.load import Measured

_GET, _BARE, _MOTO = "GET privatelink", "FastAPI, bare", "moto, DescribeVpcEndpoints"
FLOORS = {1: (0.5, 7.0), 16: (0.35, 12.0)}
"""Of the bare endpoint's rate, and of moto's, by connections."""


@dataclass
class Report:
    """What was measured, as lines, and which floors were reached."""

    lines: list[str] = field(default_factory=list)
    floors: list[tuple[bool, str]] = field(default_factory=list)

    @property
    def reached(self) -> bool:
        """Whether all floors were."""
        return all(good for good, _ in self.floors)

    def show(self) -> None:
        """Print it."""
        print("\n".join(self.lines))
        print("\nFloors")
        for good, said in self.floors:
            print(f"  {'reached' if good else 'MISSED ':8} {said}")

    def requests(self, connections: int, taken: Mapping[tuple[str, str], Sequence[Measured]]) -> None:
        """Rates and latencies: medians over the rounds; ratios are medians of the rounds' own."""
        self.lines += [
            f"\nRequests at {connections} connection{'s' * (connections > 1)}",
            f"  {'':28}{'':20}{'rate/s':>8} {'±%':>4} {'p50 ms':>8} {'p99 ms':>8} {'of bare':>8} {'of moto':>8}",
        ]
        bare, moto = (next(rows for place, rows in taken.items() if place[0] == name) for name in (_BARE, _MOTO))
        for (what, where), rows in taken.items():
            rate = statistics.median(each.rate for each in rows)
            p50, p99 = (statistics.median(getattr(each, name) for each in rows) for name in ("p50", "p99"))
            noise = statistics.median(abs(each.rate - rate) for each in rows) / rate * 100
            of_bare, of_moto = (_ratio(rows, base) for base in (bare, moto))
            self.lines.append(
                f"  {what:28}{where:20}{rate:8.0f} {noise:4.0f} {p50:8.3f} {p99:8.3f} {of_bare:8.2f} {of_moto:8.1f}"
            )
            if what == _GET and where.startswith("SQLite"):
                self._hold(where, connections, (of_bare, of_moto), p99 / p50)
        self._sizes(connections, taken)

    def _hold(self, where: str, connections: int, ratios: tuple[float, float], tail: float) -> None:
        for ratio, floor, base in zip(ratios, FLOORS[connections], ("bare's rate", "moto's rate"), strict=True):
            self._floor(f"{_GET}, {where}, {connections} connections: {ratio:.2f} of {base}", ratio, floor)
        if connections == 1:
            self._bound(f"{_GET}, {where}: p99 is {tail:.1f} of p50", tail, 3.0)

    def _sizes(self, connections: int, taken: Mapping[tuple[str, str], Sequence[Measured]]) -> None:
        """What is read must not depend on how much there is."""
        for what in sorted({what for what, where in taken if where.startswith("SQLite")}):
            worlds = [rows for place, rows in taken.items() if place[0] == what and place[1].startswith("SQLite")]
            # A page of 10 links is shorter than one of 100.
            small, large = worlds[1 if what.startswith("page") else 0], worlds[-1]
            if small is not large and not what.startswith("create"):
                ratio = _ratio(large, small)
                self._floor(f"{what}, {connections} connections: {ratio:.2f} of its rate in a small world", ratio, 0.85)

    def cold(self, medians: Mapping[str, float]) -> None:
        """Seconds from the start of a process to its first answer."""
        self.lines.append("\nCold start, ms")
        self.lines += [f"  {name:28}{seconds * 1000:8.0f}" for name, seconds in medians.items()]
        ours, bare, moto = (medians[name] for name in ("kagemusha", _BARE, "moto, first EC2 answer"))
        self._bound(f"cold start is {ours / bare:.2f} of bare's", ours / bare, 1.6)
        self._bound(f"cold start is {ours / moto:.2f} of moto's", ours / moto, 0.6)

    def memory(self, few: int, before: float, many: int, after: float) -> None:
        """Megabytes after few and after many requests."""
        self.lines += ["\nMemory, MB", f"  after {few:,} requests {before:.0f}, after {many:,} {after:.0f}"]
        self._bound(f"memory is {after / before:.2f} of what it was", after / before, 1.1)

    def advance(self, kind: str, rate: float, base: float) -> None:
        """Transitions a second."""
        self.lines.append(f"\nAdvance on {kind}: {rate:,.0f} transitions/s, plain batches {base:,.0f}/s")
        floor = 0.3 if kind == "PostgreSQL" else 0.1
        self._floor(f"advance on {kind}: {rate / base:.3f} of plain batches", rate / base, floor)

    def _floor(self, said: str, value: float, floor: float) -> None:
        self.floors.append((value >= floor, f"{said} (at least {floor})"))

    def _bound(self, said: str, value: float, bound: float) -> None:
        self.floors.append((value <= bound, f"{said} (at most {bound})"))


def _ratio(rows: Sequence[Measured], base: Sequence[Measured]) -> float:
    return statistics.median(each.rate / other.rate for each, other in zip(rows, base, strict=True))
