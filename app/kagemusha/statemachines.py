"""The page about the stage tables: ``python -m kagemusha.statemachines > docs/state-machines.md``."""

from kagemusha.domain.delays import MINUTE, Delay
from kagemusha.domain.stages import FAILURES, STAGES, On, Stage
from kagemusha.domain.states import Machine

_HEAD = """# State machines

Written from `app/kagemusha/domain/stages.py`; delays are of real life (pace 1). A stage fails when a fault says so
(`POST /_sim/sandboxes/{name}/faults`).
"""


def _long(delay: Delay | None) -> str:
    if delay is None:
        return "at once"
    low, high = (f"{each / MINUTE:g}" for each in (delay.low, delay.high))
    return f"{low} min" if low == high else f"{low} to {high} min"


def _row(stage: Stage) -> str:
    effects = ", ".join(f"`{effect}`" for effect in stage.effects)
    source = stage.delay.source if stage.delay else ""
    ends = (stage.source or "(none)", stage.target or "(gone)")
    after = "when it falls due" if stage.on is On.FAIL else _long(stage.delay)
    return f"| `{ends[0]}` | `{ends[1]}` | {stage.on} | {after} | {source} | {effects} |"


def page() -> str:
    """The whole page, in Markdown."""
    parts = [_HEAD]
    for machine in Machine:
        rows = "\n".join(_row(stage) for stage in (*STAGES, *FAILURES) if stage.machine is machine)
        head = "| from | to | on | after | evidence | effects |\n|---|---|---|---|---|---|"
        parts.append(f"## {machine}\n\n{head}\n{rows}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
