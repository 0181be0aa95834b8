"""What the report of a failed test shows of its sandbox."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from kagemusha.testing.sandbox import Refused, Sandbox

_MOST = 50
"""Lines of the journal."""
_COMMON = frozenset({"seq", "kind", "sandbox", "at"})


def describe(sandbox: Sandbox) -> str:
    """Its clock, what is pending, and the end of its journal, a line an entry; or why it can't be seen."""
    try:
        return "\n".join(_lines(sandbox))
    except (httpx.HTTPError, Refused) as problem:
        return f"Sandbox {sandbox.name} at {sandbox.url} can't be seen: {problem}"


def _lines(sandbox: Sandbox) -> Iterator[str]:
    clock = sandbox.clock()
    yield f"Sandbox {sandbox.name}, seed {sandbox.seed}, at {sandbox.url}."
    yield f"It is {clock['now']} ({clock['mode']}, pace {clock['pace']:g})."
    pending = sandbox.pending()
    yield "Pending:" if pending else "Nothing is pending."
    yield from (f"  {'held' if each['held'] else each['due_at']:24}  {_step(each)}" for each in pending[:_MOST])
    if len(pending) > _MOST:
        yield f"  … and {len(pending) - _MOST} more"
    journal = sandbox.journal()
    yield f"Journal, the last {_MOST} of {len(journal)}:" if len(journal) > _MOST else "Journal:"
    yield from (f"  {each['at']}  {_told(each)}" for each in journal[-_MOST:])


def _told(entry: Mapping[str, Any]) -> str:
    if entry["kind"] == "transition":
        return _step(entry)
    rest = (f"{name}={value}" for name, value in entry.items() if name not in _COMMON and value is not None)
    return " ".join([entry["kind"], *rest])


def _step(step: Mapping[str, Any]) -> str:
    """One change of state: a thing begins from nothing and may end as nothing."""
    return f"{step['machine']} {step['name']}: {step['from'] or '·'} → {step['to'] or '·'}"
