"""``kagemusha db``."""

from collections.abc import Callable
from typing import Annotated

import typer

from kagemusha.cli.talk import Json, fail, print_json

app = typer.Typer(help="The database's schema. `kagemusha serve` brings it up to date by itself.",
                  epilog="Example: kagemusha db check")  # fmt: skip
Database = Annotated[
    str | None,
    typer.Option(help="sqlite:///FILE or postgresql://…; that of KAGEMUSHA_DATABASE or the user's own when left out."),
]


@app.command(epilog="Example: kagemusha db upgrade --database sqlite:///world.db")
def upgrade(database: Database = None, json: Json = False) -> None:
    """Bring a database to the newest schema."""
    from kagemusha.store.migrate import upgrade_database

    _tell(upgrade_database, _url("upgrade", database), json=json)


@app.command(epilog="Example: kagemusha db check || kagemusha db upgrade")
def check(database: Database = None, json: Json = False) -> None:
    """Exit with 0 if a database is at the newest schema, else with 1. Changes nothing."""
    from kagemusha.store.migrate import check_database

    _tell(check_database, _url("check", database), json=json)


def _tell(see_to: Callable[[str], str], url: str, *, json: bool) -> None:
    """Print the version that `see_to` finds, or leaves, the schema at `url` in; a DatabaseProblem ends the command."""
    from kagemusha.store.engine import DatabaseProblem

    try:
        schema = see_to(url)
    except DatabaseProblem as problem:
        fail(str(problem))
    if json:
        print_json({"schema": schema})
    else:
        typer.echo(f"The database is at the newest schema version, {schema}.")


def _url(command: str, database: str | None) -> str:
    from kagemusha.cli.configuration import configured

    # A database that is gone with its process has no schema to look after.
    return configured(f"db {command}", database=database).model_copy(update={"ephemeral": False}).database_url
