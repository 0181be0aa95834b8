"""What moves by itself, shown as it does: a line that is drawn anew on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import typer

_WIDTH = 30
_CLEAR = "\r\x1b[K"


class Progress:
    """Lines that stay, and below them on a terminal one that says how far the next step is."""

    def __init__(self) -> None:
        """On standard output."""
        self._live = sys.stdout.isatty()
        self._began: dict[tuple[str, str, str], datetime] = {}

    def __enter__(self) -> Self:
        """Nothing is shown yet."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Take the live line away."""
        self._draw("")

    def say(self, line: str) -> None:
        """A line that stays."""
        self._draw("")
        typer.echo(line)

    def show(self, now: str, step: Mapping[str, Any]) -> None:
        """How far it is at `now` to the pending `step`, as the control API tells both."""
        key = (step["machine"], step["name"], step["from"])
        moment, due = datetime.fromisoformat(now), datetime.fromisoformat(step["due_at"])
        began = self._began.setdefault(key, moment)
        whole = (due - began).total_seconds()
        done = round(_WIDTH * min((moment - began).total_seconds() / whole, 1)) if whole > 0 else _WIDTH
        left = max((due - moment).total_seconds(), 0)
        machine = step["machine"].replace("_", " ")
        self._draw(f"  [{'#' * done}{'.' * (_WIDTH - done)}] {left:4.1f} s  {machine}: {step['from']} → {step['to']}")

    def _draw(self, line: str) -> None:
        if self._live:
            sys.stdout.write(_CLEAR + line)
            sys.stdout.flush()
