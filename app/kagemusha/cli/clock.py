"""``kagemusha clock``."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from kagemusha.cli.remote import ask
from kagemusha.cli.talk import URL, Json, SandboxName, Url, fail, print_json

app = typer.Typer(help="A sandbox's clock: look at it, move it, freeze it, let it run.",
                  epilog="Example: kagemusha clock advance --until idle --sandbox ci")  # fmt: skip
_SECONDS = re.compile(r"\d{1,18}(\.\d{1,9})?", re.ASCII)
_KEYS = ("mode", "now", "pace", "next_due_at")


@app.command(epilog="Example: kagemusha clock show --sandbox ci")
def show(sandbox: SandboxName = "default", url: Url = URL, json: Json = False) -> None:
    """Show what time it is in a sandbox, and when something is due."""
    _show(ask(url, "GET", "sandboxes", sandbox, "clock", has=_KEYS), json)


@app.command(epilog="Example: kagemusha clock advance 600    or: kagemusha clock advance --until next")
def advance(
    duration: Annotated[str | None, typer.Argument(help="Seconds, or an ISO 8601 duration: PT10M.")] = None,
    to: Annotated[str | None, typer.Option(help="A moment: 2030-01-01T00:10:00Z.")] = None,
    until: Annotated[
        Literal["next", "idle"] | None, typer.Option(help="The next thing due, or until nothing is.")
    ] = None,
    sandbox: SandboxName = "default",
    url: Url = URL,
    json: Json = False,
) -> None:
    """Move the clock, and show what happened on the way."""
    asked = {"seconds": duration, "to": to, "until": until}
    body: dict[str, Any] = {key: value for key, value in asked.items() if value is not None}
    if len(body) != 1:
        fail("Give one of a duration, --to and --until. See kagemusha clock advance --help.")
    if duration is not None and _SECONDS.fullmatch(duration):
        body["seconds"] = float(duration)
    path = ("sandboxes", sandbox, "clock", "advance")
    moved = ask(url, "POST", *path, body=body, has=("now", "fired", "transitions"))
    if json:
        print_json(moved)
        return
    for each in moved["transitions"]:
        typer.echo(transition_line(each))
    if moved["fired"] > len(moved["transitions"]):
        typer.echo(f"… and {moved['fired'] - len(moved['transitions'])} more: see the journal.")
    typer.echo(f"It is {moved['now']}: {moved['fired']} transitions.")


@app.command(epilog="Example: kagemusha clock freeze --sandbox ci")
def freeze(sandbox: SandboxName = "default", url: Url = URL, json: Json = False) -> None:
    """Let time move only when told."""
    _show(_set(url, sandbox, {"mode": "manual"}), json)


@app.command(epilog="Example: kagemusha clock run --pace 1")
def run(
    pace: Annotated[float | None, typer.Option(help="For delays drawn from now on; 1 is real life.")] = None,
    sandbox: SandboxName = "default",
    url: Url = URL,
    json: Json = False,
) -> None:
    """Let time run on from where the clock stands."""
    _show(_set(url, sandbox, {"mode": "auto"} | ({} if pace is None else {"pace": pace})), json)


def transition_line(transition: Mapping[str, Any]) -> str:
    """A step of the world as people read it."""
    machine = transition["machine"].replace("_", " ")
    way = " → ".join(state or "gone" for state in (transition["from"], transition["to"])[transition["from"] is None :])
    return f"{transition['at']}  {machine} {transition['name']}: {way}"


def _set(url: str, sandbox: str, body: Mapping[str, Any]) -> Any:
    return ask(url, "PATCH", "sandboxes", sandbox, "clock", body=body, has=_KEYS)


def _show(clock: Mapping[str, Any], json: bool) -> None:
    if json:
        print_json(clock)
        return
    runs = "runs" if clock["mode"] == "auto" else "is frozen"
    typer.echo(f"It is {clock['now']}; the clock {runs} ({clock['mode']}, pace {clock['pace']:g}).")
    typer.echo(f"Next due: {clock['next_due_at'] or 'nothing'}.")
