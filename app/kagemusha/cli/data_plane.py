"""``kagemusha hosts`` and ``kagemusha ca``."""

import typer

from kagemusha.cli.remote import ask
from kagemusha.cli.talk import URL, Json, SandboxName, Url, fail, print_json


def hosts(sandbox: SandboxName = "default", url: Url = URL, json: Json = False) -> None:
    """Print lines for /etc/hosts: AWS's names of data stores, and where this machine has them.

    With them, what names a store as AWS does (`serve --endpoint-host dns`) connects.
    """
    found = ask(url, "GET", "sandboxes", sandbox, "data-plane", has=["on", "doors"])
    if not found["on"]:
        fail("There is no data plane, so no name leads anywhere: start the server with --data-plane.")
    if json:
        print_json([{key: door[key] for key in ("address", "host", "aliases")} for door in found["doors"]])
        return
    for door in found["doors"]:
        if door["listens_on"] != door["port"]:
            typer.echo(
                f"kagemusha: WARNING: {door['addon']} listens on port {door['listens_on']}, since {door['port']} can't "
                "be had here: its URL by AWS's name does not connect. Use --endpoint-host address.",
                err=True,
            )
        typer.echo(f"{door['address']}  {' '.join([door['host'], *door['aliases']])}  # {door['addon']}")


def ca(sandbox: SandboxName = "default", url: Url = URL) -> None:
    """Print the certificate that clients of a sandbox's data stores can trust."""
    found = ask(url, "GET", "sandboxes", sandbox, "data-plane", "authority", has=["certificate"])
    typer.echo(found["certificate"].strip())
