"""The command line: talks, doesn't decide. What only one command needs is imported inside it."""

from typing import Annotated

import typer

from kagemusha.cli import clock, data_plane, db, demo, env, sandbox, scenario, serve

app = typer.Typer(help="A stand-in for Heroku's data control plane.", pretty_exceptions_enable=False,
                  add_completion=False)  # fmt: skip


def _version(asked: bool) -> None:
    if asked:
        from kagemusha import __version__

        typer.echo(f"kagemusha {__version__}")
        raise typer.Exit


@app.callback(epilog="Example: kagemusha demo")
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """A stand-in for Heroku's data control plane."""


app.command(epilog="Example: kagemusha serve --ephemeral --port 0")(serve.serve)
app.command(epilog='Example: eval "$(kagemusha env)"')(env.env)
app.command(epilog="Example: kagemusha demo")(demo.demo)
app.command(epilog="Example: kagemusha hosts | sudo tee -a /etc/hosts")(data_plane.hosts)
app.command(epilog="Example: kagemusha ca > ca.pem")(data_plane.ca)
app.add_typer(sandbox.app, name="sandbox")
app.add_typer(clock.app, name="clock")
app.add_typer(db.app, name="db")
app.add_typer(scenario.app, name="scenario")
