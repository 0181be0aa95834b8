"""``kagemusha scenario``."""

from pathlib import Path
from typing import Annotated, Any

import typer

from kagemusha.cli.talk import Json, print_json

app = typer.Typer(help="Worlds that are described in a file: checked, and what such a file may say.",
                  epilog="Example: kagemusha scenario check docs/scenarios/article.yaml")  # fmt: skip


@app.command(epilog="Example: kagemusha scenario check world.yaml && kagemusha serve --scenario world.yaml")
def check(
    file: Annotated[Path, typer.Argument(help="YAML or JSON.")],
    json: Json = False,
) -> None:
    """Play a scenario in a world of its own; exit with 1 and the line of what is wrong if it can't be."""
    import asyncio

    from kagemusha.problems import StartProblem

    try:
        came_to = asyncio.run(_played(file))
    except StartProblem as problem:
        for line in str(problem).splitlines():
            typer.echo(line, err=True)
        raise typer.Exit(1) from None
    if json:
        print_json(came_to)
        return
    made = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in came_to["made"].items() if count)
    typer.echo(f"{file} can be played: {made or 'an empty world'}; its clock ends at {came_to['now']}.")


@app.command(epilog="Example: kagemusha scenario schema > scenario.schema.json")
def schema() -> None:
    """Print the JSON Schema of scenarios, which editors understand."""
    from kagemusha.scenario_files import schema as made

    print_json(made())


async def _played(file: Path) -> dict[str, Any]:
    """What the scenario comes to: how many of each kind of thing, and when its clock ends."""
    from httpx import ASGITransport, AsyncClient

    from kagemusha.cli.configuration import configured
    from kagemusha.cli.talk import URL
    from kagemusha.main import create_app

    settings = configured("scenario check", ephemeral=True, scenario=file).model_copy(update={"ticks": False})
    server = create_app(settings)
    async with (
        server.router.lifespan_context(server),
        AsyncClient(transport=ASGITransport(server), base_url=URL) as client,
    ):
        document = (await client.get("/_sim/sandboxes/default/snapshot")).json()
    kinds = ("spaces", "apps", "addons", "attachments", "privatelinks", "allowed_accounts", "endpoints")
    made = {kind: len(document["world"][kind]) for kind in kinds} | {"faults": len(document["faults"])}
    return {"made": made, "now": document["clock"]["now"]}
