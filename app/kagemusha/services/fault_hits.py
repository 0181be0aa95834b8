"""Whether a fault is met: matched, drawn, counted and written down, for requests and for stages alike."""

import json
from collections.abc import Collection, Mapping

from kagemusha.domain import faults
from kagemusha.store.happenings import Fault
from kagemusha.store.store import Store

Labels = Mapping[str, Collection[str]]
"""What a `match` may name of a request or of a thing, and the values that it has."""


def meet(store: Store, seed: int, fault: Fault, labels: Labels, at: int) -> tuple[Fault, bool]:
    """The fault as it is afterwards, and whether it was met at `at` by what has these `labels`."""
    if fault.remaining == 0 or not faults.matches(json.loads(fault.match), labels):
        return fault, False
    happens = faults.happens(fault.probability, seed=seed, fault=fault.id, draw=fault.draws)
    after = fault._replace(draws=fault.draws + 1, hits=fault.hits + happens)
    store.faults.met(after)
    if after.remaining == 0:
        store.count_faults(after, -1)
    if happens:
        _write_down(store, after, labels, at)
    return after, happens


def _write_down(store: Store, fault: Fault, labels: Labels, at: int) -> None:
    detail: dict[str, object] = {"fault": fault.id, "effect": json.loads(fault.effect)}
    if fault.operation is not None:
        detail["operation"] = next(iter(labels["operation"]))
    else:
        detail |= {"stage": fault.stage} | {key: next(iter(labels[key])) for key in ("resource", "name")}
    store.note("fault", at, detail)
