"""The table, and the floors beside it."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench.load import Measured
from bench.scenarios import CREATE, GET

OURS, BARE, PRISM = "kagemusha", "FastAPI, bare", "Prism"
MOTO, MOTO_COLD = "moto, DescribeVpcEndpoints", "moto, first EC2 answer"
GATEWAY, STUNNEL = "gateway", "stunnel"
FLOORS = {1: (0.5, 7.0), 16: (0.35, 12.0)}
"""Of the bare endpoint's rate, and of moto's, by connections."""
_TAIL = 3.0
"""Of p50: what p99 is at most, at one connection."""
_GROWN = 0.85
"""Of the rate in a small world: what there is at least in a large one."""
_COLD_OF_BARE, _COLD_OF_MOTO, _MEMORY = 1.6, 0.6, 1.1
_ADVANCE = {"SQLite": 0.1, "PostgreSQL": 0.3}
"""Of plain batches on the same tables."""
_GATEWAY = 0.5
"""Of stunnel's rate."""


@dataclass
class Report:
    """What was measured, as lines, and which floors were reached."""

    lines: list[str] = field(default_factory=list)
    floors: list[tuple[bool, str]] = field(default_factory=list)
    aims: list[tuple[bool, str]] = field(default_factory=list)

    @property
    def reached(self) -> bool:
        """Whether all floors were."""
        return all(good for good, _ in self.floors)

    def show(self) -> None:
        """Print it."""
        print("\n".join(self.lines))
        for title, held in (("Floors", self.floors), ("Aims", self.aims)):
            if held:
                print(f"\n{title}")
            for good, said in held:
                print(f"  {'reached' if good else 'MISSED ':8} {said}")

    def requests(self, connections: int, taken: Mapping[tuple[str, str], Sequence[Measured]]) -> None:
        """Rates and latencies: medians over the rounds; ratios are medians of the rounds' own."""
        bases = [next(rows for place, rows in taken.items() if place[0] == name) for name in (BARE, MOTO, PRISM)]
        self.lines += [
            f"\nRequests at {connections} connection{'s' * (connections > 1)}; the last columns are of others' rates",
            f"  {'':28}{'':20}{'rate/s':>8} {'±%':>4} {'p50 ms':>8} {'p99 ms':>8} {'bare':>6} {'moto':>6} {'Prism':>6}",
        ]
        for (what, where), rows in taken.items():
            ratios = [_ratio(rows, base) for base in bases]
            self._show(what, where, rows, ratios)
            if what == GET and where.startswith("SQLite"):
                self._hold(where, connections, ratios)
                if connections == 1:
                    tail = _median(rows, "p99") / _median(rows, "p50")
                    self._most(f"{GET}, {where}: p99 is {tail:.1f} of p50", tail, _TAIL)
        self._sizes(connections, taken)

    def gateway(self, connections: int, pipeline: int, taken: Mapping[str, Sequence[Measured]]) -> None:
        """Reads of Redis on TLS, as `requests`; the latencies are those of a whole pipeline."""
        where = f"at {connections} connection{'s' * (connections > 1)}" + f", {pipeline} at once" * (pipeline > 1)
        self.lines += [
            f"\nGET of Redis on TLS {where}; the last column is of stunnel's rate",
            f"  {'':48}{'rate/s':>8} {'±%':>4} {'p50 ms':>8} {'p99 ms':>8} {STUNNEL:>7}",
        ]
        for name, rows in taken.items():
            self._show(name, "", rows, [_ratio(rows, taken[STUNNEL])])
        ratio = _ratio(taken[GATEWAY], taken[STUNNEL])
        self._least(f"the gateway, {where}: {ratio:.2f} of {STUNNEL}'s rate", ratio, _GATEWAY)

    def _show(self, what: str, where: str, rows: Sequence[Measured], ratios: Sequence[float]) -> None:
        rate, p50, p99 = (_median(rows, name) for name in ("rate", "p50", "p99"))
        noise = statistics.median(abs(each.rate - rate) for each in rows) / rate * 100
        shown = " ".join(f"{ratio:6.2f}" for ratio in ratios)
        self.lines.append(f"  {what:28}{where:20}{rate:8.0f} {noise:4.0f} {p50:8.3f} {p99:8.3f} {shown}")

    def _hold(self, where: str, connections: int, ratios: Sequence[float]) -> None:
        said = f"{GET}, {where}, at {connections}: {{:.2f}} of {{}}'s rate"
        of_bare, of_moto, of_prism = ratios
        for ratio, floor, base in zip((of_bare, of_moto), FLOORS[connections], ("bare", "moto"), strict=True):
            self._least(said.format(ratio, base), ratio, floor)
        self.aims.append((of_prism > 1, said.format(of_prism, PRISM)))

    def _sizes(self, connections: int, taken: Mapping[tuple[str, str], Sequence[Measured]]) -> None:
        """What is read must not depend on how much there is."""
        for what in dict.fromkeys(what for what, where in taken if where.startswith("SQLite") and what != CREATE):
            worlds = [rows for place, rows in taken.items() if place[0] == what and place[1].startswith("SQLite")]
            # A page of 10 is shorter than one of 100.
            small, large = worlds[1 if what.startswith("page") else 0], worlds[-1]
            if small is not large:
                ratio = _ratio(large, small)
                said = f"{what}, at {connections}: {ratio:.2f} of its rate in a small world"
                self._least(said, ratio, _GROWN)

    def cold(self, medians: Mapping[str, float]) -> None:
        """Seconds from the start of a process to its first answer."""
        bare, moto = medians[BARE], medians[MOTO_COLD]
        self.lines.append(f"\nCold start{'':19}{'ms':>7} {'of bare':>8} {'of moto':>8}")
        self.lines += [
            f"  {name:28}{seconds * 1000:6.0f} {seconds / bare:8.2f} {seconds / moto:8.2f}"
            for name, seconds in medians.items()
        ]
        for base, seconds, bound in (("bare", bare, _COLD_OF_BARE), ("moto", moto, _COLD_OF_MOTO)):
            ratio = medians[OURS] / seconds
            self._most(f"cold start is {ratio:.2f} of {base}'s", ratio, bound)

    def memory(self, few: int, before: float, many: int, after: float) -> None:
        """Megabytes after few and after many requests."""
        ratio = after / before
        self.lines.append(f"\nMemory: {before:.0f} MB after {few:,} requests, {ratio:.2f} of that after {many:,}")
        self._most(f"memory is {ratio:.2f} of what it was", ratio, _MEMORY)

    def advance(self, kind: str, rate: float, base: float) -> None:
        """Transitions a second, and changes a second of plain batches."""
        ratio = rate / base
        self.lines.append(
            f"\nAdvance on {kind}: {rate:,.0f} transitions/s, {ratio:.3f} of plain batches' {base:,.0f}/s"
        )
        self._least(f"advance on {kind}: {ratio:.3f} of plain batches", ratio, _ADVANCE[kind])

    def _least(self, said: str, value: float, floor: float) -> None:
        self.floors.append((value >= floor, f"{said} (at least {floor})"))

    def _most(self, said: str, value: float, bound: float) -> None:
        self.floors.append((value <= bound, f"{said} (at most {bound})"))


def _ratio(rows: Sequence[Measured], base: Sequence[Measured]) -> float:
    return statistics.median(each.rate / other.rate for each, other in zip(rows, base, strict=True))


def _median(rows: Sequence[Measured], name: str) -> float:
    return float(statistics.median(getattr(each, name) for each in rows))
