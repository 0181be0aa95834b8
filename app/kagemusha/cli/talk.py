"""How every command speaks: the options they share, tables, JSON, and mistakes."""

import json
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

URL = "http://127.0.0.1:8765"
"""Where `kagemusha serve` answers unless told otherwise."""
Url = Annotated[str, typer.Option(envvar="KAGEMUSHA_URL", help="The server's address.")]
SandboxName = Annotated[str, typer.Option("--sandbox", help="The sandbox.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def fail(message: str) -> NoReturn:
    """End the command: `message` is one line that says what to do."""
    raise typer.TyperException(" ".join(message.split()))


def print_json(document: object) -> None:
    """Print what a program will read."""
    typer.echo(json.dumps(document, indent=2))


def print_table(heading: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under a heading, columns aligned."""
    lines = [[str(cell) for cell in row] for row in (heading, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
