"""``kagemusha env``."""

import secrets
import shlex
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer

from kagemusha.cli.remote import ask
from kagemusha.cli.talk import URL, Json, SandboxName, Url, print_json

_OBEYED = {"127.0.0.1", "localhost"}
"""The hosts that the heroku CLI obeys, beside Heroku's own."""


def env(
    sandbox: SandboxName = "default",
    url: Url = URL,
    format_: Annotated[
        Literal["sh", "json", "dotenv", "github"],
        typer.Option("--format", help="sh for eval, github for what is appended to $GITHUB_ENV."),
    ] = "sh",
    json: Json = False,
) -> None:
    """Print the environment that points every client at a sandbox."""
    values: dict[str, str] = ask(url, "GET", "sandboxes", sandbox, has=["env"])["env"]
    host = urlsplit(values["HEROKU_HOST"]).hostname
    if host not in _OBEYED:
        typer.echo(f"kagemusha: WARNING: the heroku CLI does not obey HEROKU_HOST for {host} and would talk to the "
                   "REAL Heroku. Reach the server as 127.0.0.1, by an SSH tunnel for instance.", err=True)  # fmt: skip
    if json or format_ == "json":
        print_json(values)
    else:
        typer.echo("\n".join(_lines(values, format_)))


def _lines(values: Mapping[str, str], format_: str) -> list[str]:
    match format_:
        case "sh":
            return [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
        case "dotenv":
            return [f"{name}={shlex.quote(value)}" for name, value in values.items()]
    # No value can hold the mark, so none can end its own definition and begin another.
    mark = f"kagemusha_{secrets.token_hex(8)}"
    return [f"{name}<<{mark}\n{value}\n{mark}" for name, value in values.items()]
