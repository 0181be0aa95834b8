"""``kagemusha env``."""

import secrets
import shlex
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer

from kagemusha.cli.remote import Remote
from kagemusha.cli.talk import URL, Json, SandboxName, Url, print_json

_OBEYED = {"127.0.0.1", "localhost"}
"""The hosts that the heroku CLI obeys, beside Heroku's own."""

_AUTHORITIES = ("NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE")
"""Where clients look for an authority that they are to trust.

Node trusts it beside all others. The AWS clients trust it instead of all others, and talk to nothing else, since
AWS_ENDPOINT_URL names us. SSL_CERT_FILE and REQUESTS_CA_BUNDLE would take the trust in everybody else away from
programs that talk to others too, as `terraform init` does.
"""


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
    as_json = json or format_ == "json"
    try:
        with Remote(url) as remote:
            values: dict[str, str] = remote.sim("GET", "sandboxes", sandbox, has=["env"])["env"]
    except typer.TyperException:
        if format_ == "sh" and not as_json:
            # `eval ""` succeeds, and what comes after it in a script would be meant for the real Heroku.
            typer.echo("false")
        raise
    if remote.authority:
        values |= dict.fromkeys(_AUTHORITIES, str(remote.authority))
    host = urlsplit(values["HEROKU_HOST"]).hostname
    if host not in _OBEYED:
        typer.echo(f"kagemusha: WARNING: the heroku CLI does not obey HEROKU_HOST for {host} and would talk to the "
                   "REAL Heroku. Reach the server as 127.0.0.1, by an SSH tunnel for instance.", err=True)  # fmt: skip
    if as_json:
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
