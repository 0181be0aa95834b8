"""``kagemusha sandbox``."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import typer

from kagemusha.cli.remote import ask
from kagemusha.cli.talk import URL, Json, Url, print_json, print_table

app = typer.Typer(help="Worlds of their own: make, list, empty and delete them.", epilog="Example: kagemusha sandbox "
                  "create --clock manual")  # fmt: skip
Name = Annotated[str, typer.Argument(help="The sandbox.")]
_KEYS = ("name", "seed", "clock", "heroku_api_key", "aws", "env")


@app.command(epilog="Example: kagemusha sandbox create ci --clock manual --seed 7")
def create(
    name: Annotated[str | None, typer.Argument(help="Made up when left out.")] = None,
    seed: Annotated[int | None, typer.Option(help="Delays, ids and names come from it; drawn when left out.")] = None,
    pace: Annotated[float | None, typer.Option(help="1 is real life, 60 makes minutes seconds.")] = None,
    clock: Annotated[
        Literal["auto", "manual"] | None, typer.Option(help="Whether time runs, or moves only when told.")
    ] = None,
    now: Annotated[str | None, typer.Option(help="Where the clock begins: 2030-01-01T00:00:00Z.")] = None,
    aws_account_id: Annotated[str | None, typer.Option(help="12 digits.")] = None,
    aws_principal: Annotated[str | None, typer.Option(help="ID:user/NAME, ID:role/NAME or an ARN.")] = None,
    url: Url = URL,
    json: Json = False,
) -> None:
    """Make a sandbox."""
    asked = {"name": name, "seed": seed, "pace": pace, "clock": clock, "now": now, "aws_account_id": aws_account_id,
             "aws_principal": aws_principal}  # fmt: skip
    body = {key: value for key, value in asked.items() if value is not None}
    _show(ask(url, "POST", "sandboxes", body=body, has=_KEYS), json)


@app.command("list", epilog="Example: kagemusha sandbox list --json")
def list_(url: Url = URL, json: Json = False) -> None:
    """List all sandboxes, oldest first."""
    found = ask(url, "GET", "sandboxes", has=_KEYS)
    if json:
        print_json(found)
        return
    rows = [
        (each["name"], each["seed"], *(each["clock"][part] or "-" for part in ("mode", "pace", "now", "next_due_at")))
        for each in found
    ]
    print_table(("NAME", "SEED", "CLOCK", "PACE", "NOW", "NEXT DUE"), rows)


@app.command(epilog="Example: kagemusha sandbox delete ci")
def delete(name: Name, url: Url = URL) -> None:
    """Take a sandbox away, with everything in it."""
    ask(url, "DELETE", "sandboxes", name)
    typer.echo(f"Deleted the sandbox {name}.")


@app.command(epilog="Example: kagemusha sandbox reset default")
def reset(name: Name, url: Url = URL, json: Json = False) -> None:
    """Empty a sandbox: its seed, keys and clock are as created."""
    _show(ask(url, "POST", "sandboxes", name, "reset", has=_KEYS), json)


def _show(sandbox: Mapping[str, Any], json: bool) -> None:
    if json:
        print_json(sandbox)
        return
    clock, aws = sandbox["clock"], sandbox["aws"]
    for title, value in (
        ("Name", sandbox["name"]),
        ("Seed", sandbox["seed"]),
        ("Clock", f"{clock['mode']}, {clock['now']}, pace {clock['pace']:g}"),
        ("Heroku API key", sandbox["heroku_api_key"]),
        ("AWS principal", aws["principal_arn"]),
        ("Environment", f'eval "$(kagemusha env --sandbox {sandbox["name"]})"'),
    ):
        typer.echo(f"{title + ':':16}{value}")
