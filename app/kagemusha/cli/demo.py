"""``kagemusha demo``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kagemusha.cli.remote import Remote
from kagemusha.cli.talk import fail
from kagemusha.cli.walk import ControlApi, Walk

if TYPE_CHECKING:
    from kagemusha.cli.walk_aws import Aws

PACE = 240.0
"""Simulated seconds in a second: the whole walk, half an hour of real life, passes in some eight seconds."""
SEED = 7
"""The same names and delays each time."""


def demo(
    url: Annotated[str | None, typer.Option(help="A running server; one of its own when left out.")] = None,
) -> None:
    """Walk the article's steps, from a private space to the PONG through the endpoint.

    The AWS steps go through boto3, where it is installed, and are shown as commands of the AWS CLI. Redis and Postgres
    add-ons can be connected to; Kafka's have URLs as real ones do, but nothing listens there.
    """
    from kagemusha.cli.ending import Ending

    ending = Ending()
    with _server() if url is None else Remote(url) as remote, _sandbox(remote) as sandbox:
        walk = Walk(remote, sandbox, ending.heed)
        walk.all_the_way(_consumer(walk, own_server=url is None))
    typer.echo("\nNow with a client of your own:")
    if url is None:
        typer.echo("  kagemusha serve --data-plane   # in one terminal")
        typer.echo('  eval "$(kagemusha env)"        # in another')
    else:
        typer.echo(f'  eval "$(kagemusha env --url {url})"')
    typer.echo("  heroku spaces")
    typer.echo("  aws sts get-caller-identity")


def _consumer(walk: Walk, *, own_server: bool) -> "ControlApi | Aws":
    """Who makes the endpoint: an AWS client, where it is installed, with the emulator that our own server needs."""
    if all(find_spec(name) for name in (("boto3", "moto") if own_server else ("boto3",))):
        from kagemusha.cli.walk_aws import Aws

        return Aws(walk)
    return ControlApi(walk)


@contextmanager
def _server() -> Iterator[Remote]:
    """A server of our own that keeps nothing and ends with us."""
    from kagemusha.cli.configuration import configured
    from kagemusha.cli.listening import listen, url_of
    from kagemusha.cli.workers import Worker

    connects = all(find_spec(name) for name in ("fakeredis", "trustme"))
    settings = configured("demo", host="127.0.0.1", port=0, ephemeral=True, tls=False, data_plane=connects)
    listener = listen(settings.host, settings.port)
    worker = Worker(settings, listener)
    try:
        if problem := worker.heard():
            fail(problem)
        with Remote(url_of(settings.host, listener)) as remote:
            yield remote
    finally:
        Worker.end([worker])
        listener.close()


@contextmanager
def _sandbox(remote: Remote) -> Iterator[Mapping[str, Any]]:
    """A sandbox of our own, taken away at the end."""
    made = remote.sim(
        "POST", "sandboxes", body={"seed": SEED, "pace": PACE}, has=["name", "heroku_api_key", "aws", "env"]
    )
    try:
        yield made
    finally:
        remote.sim("DELETE", "sandboxes", made["name"])
