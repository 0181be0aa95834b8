"""``kagemusha serve``."""

import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from kagemusha.cli.talk import fail

if TYPE_CHECKING:
    from kagemusha.settings import Settings

NO_EMULATOR = (
    "kagemusha: several workers can't share the embedded AWS emulator, so VPCs, subnets and the like are off: start "
    "one of its own (moto_server -p 5000) and give --aws-upstream http://127.0.0.1:5000."
)
"""What a server of several processes says when it has started."""


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one. [default: 8765]")] = None,
    database: Annotated[
        str | None, typer.Option(help="sqlite:///FILE or postgresql://…; a file of the user's own when left out.")
    ] = None,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="Keep nothing.")] = False,
    pace: Annotated[float | None, typer.Option(help="1 is real life, 60 makes minutes seconds. [default: 60]")] = None,
    clock: Annotated[
        Literal["auto", "manual"] | None, typer.Option(help="Of the sandbox default. [default: auto]")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the sandbox default. [default: 0]")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer. [default: 1]")] = None,
    auth: Annotated[
        Literal["open", "strict"] | None,
        typer.Option(help="Whether keys that were not issued open the sandbox default. [default: open on loopback]"),
    ] = None,
    rate_limit: Annotated[
        int | None,
        typer.Option(help="Requests an hour to the Platform API for each key and worker. [default: no limit]"),
    ] = None,
    aws_upstream: Annotated[
        str | None,
        typer.Option(help="The AWS emulator behind this server, such as a moto server. [default: moto, embedded]"),
    ] = None,
    verify_signatures: Annotated[
        bool, typer.Option("--verify-signatures", help="Refuse AWS requests whose signature is wrong, or too old.")
    ] = False,
    tls: Annotated[bool, typer.Option("--tls", help="Answer HTTPS, with a certificate of its own authority.")] = False,
    scenario: Annotated[
        Path | None, typer.Option(help="What is in the sandbox default when it is new: a YAML or JSON file.")
    ] = None,
    data_plane: Annotated[
        bool, typer.Option("--data-plane", help="Let the URLs of Redis and Postgres add-ons connect.")
    ] = False,
    endpoint_host: Annotated[
        Literal["address", "dns"] | None,
        typer.Option(
            help="What URLs name: addresses of this machine, or AWS's names, for which `kagemusha hosts` "
            "prints a hosts file. [default: address with --data-plane, else dns]"
        ),
    ] = None,
    redis_server: Annotated[
        str | None,
        typer.Option(help="The redis-server behind Redis add-ons, or fakeredis. [default: that of the PATH, if any]"),
    ] = None,
    postgres_server: Annotated[
        str | None,
        typer.Option(help="postgresql://…, the server behind Postgres add-ons. [default: one of its own]"),
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help='Gets {"url","port","pid"} when requests are answered.')
    ] = None,
) -> None:
    """Start the server. SIGTERM and Ctrl-C end it."""
    signal.signal(signal.SIGTERM, _end)
    from kagemusha.cli.configuration import configured
    from kagemusha.cli.listening import listen
    from kagemusha.problems import StartProblem

    settings = configured(
        "serve", host=host, port=port, database=database, ephemeral=ephemeral or None, pace=pace, clock=clock,
        seed=seed, workers=workers, auth=auth, rate_limit=rate_limit, tls=tls or None, aws_upstream=aws_upstream,
        verify_signatures=verify_signatures or None, ready_file=ready_file, scenario=scenario,
        data_plane=data_plane or None, endpoint_host=endpoint_host, redis_server=redis_server,
        postgres_server=postgres_server,
    )  # fmt: skip
    if not settings.is_loopback and not settings.admin_token:
        fail("A bind that others can reach needs KAGEMUSHA_ADMIN_TOKEN: set it, or leave --host out.")
    _check_aws(settings)
    _check_data_plane(settings)
    try:
        with listen(settings.host, settings.port) as listener, _certified(settings) as certified:
            _answer(certified, listener)
    except StartProblem as problem:
        fail(str(problem))
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _check_aws(settings: "Settings") -> None:
    """Refuse what these settings ask of AWS and this installation can't do."""
    from importlib.util import find_spec

    if settings.verify_signatures and find_spec("botocore") is None:
        fail("--verify-signatures needs botocore: pip install 'kagemusha[aws]'.")


def _check_data_plane(settings: "Settings") -> None:
    """Refuse what these settings ask of the data plane and can't be done."""
    from importlib.util import find_spec

    if not settings.data_plane:
        for name in ("endpoint_host", "redis_server", "postgres_server"):
            if getattr(settings, name) not in {None, "dns"}:
                fail(f"--{name.replace('_', '-')} says how the data plane is: give --data-plane, or leave it out.")
        return
    if settings.workers > 1:
        fail("The data plane lives in one process: leave out --workers, or --data-plane.")
    if not all(find_spec(name) for name in ("fakeredis", "trustme")):
        fail("--data-plane needs what is behind it: pip install 'kagemusha[dataplane]'.")


def _answer(settings: "Settings", listener: socket.socket) -> None:
    from kagemusha.cli.listening import url_of

    url = url_of(settings.host, listener, tls=settings.tls)
    if settings.ready_file:
        _make_way(settings.ready_file)

    def ready() -> None:
        if settings.ready_file:
            _write(settings.ready_file, {"url": url, "port": listener.getsockname()[1], "pid": os.getpid()})
        if settings.workers > 1 and settings.aws_upstream is None:
            typer.echo(NO_EMULATOR, err=True)
        typer.echo(f"kagemusha ready at {url}")
        sys.stdout.flush()
        # What is there now stays: it is never looked at, so that what requests leave behind is found the sooner.
        gc.freeze()
        gc.enable()

    if settings.workers == 1:
        from kagemusha.cli.serving import answer

        answer(settings, listener, ready)
    else:
        from kagemusha.cli.workers import supervise

        with _shared(settings) as shared:
            supervise(shared, listener, ready)


def _end(_number: int, _frame: object) -> None:
    raise SystemExit(0)


@contextmanager
def _certified(settings: "Settings") -> Iterator["Settings"]:
    """The same settings, with the certificates that they ask for; a server that keeps nothing keeps no authority."""
    if not settings.tls:
        yield settings
        return
    from kagemusha.certificates import authority_file, ensure

    if not settings.ephemeral or settings.certificates:
        ensure(settings.certificates_folder, settings.host)
        yield settings
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="kagemusha-") as name:
        folder = Path(name)
        ensure(folder, settings.host)
        typer.echo(f"kagemusha: commands know this server by KAGEMUSHA_CA={authority_file(folder)}", err=True)
        yield settings.model_copy(update={"certificates": folder})


@contextmanager
def _shared(settings: "Settings") -> Iterator["Settings"]:
    """The same settings over an up-to-date database that several processes can open."""
    from kagemusha.store.engine import is_memory
    from kagemusha.store.migrate import upgrade_database

    if not is_memory(settings.database_url):
        upgrade_database(settings.database_url)
        yield settings
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="kagemusha-") as folder:
        url = f"sqlite:///{folder}/world.db"
        upgrade_database(url)
        yield settings.model_copy(update={"database": url, "ephemeral": False})


def _make_way(path: Path) -> None:
    """Take away what an earlier run left at `path`, and see that it can be written."""
    if not path.name:
        fail(f"--ready-file {path} names no file: give the path of one.")
    temporary = _temporary(path)
    try:
        temporary.touch()
        temporary.unlink()
        path.unlink(missing_ok=True)
    except OSError as error:
        fail(f"Can't write the ready file {path} ({error.strerror}): choose another --ready-file.")


def _write(path: Path, content: dict[str, Any]) -> None:
    temporary = _temporary(path)
    try:
        temporary.write_text(json.dumps(content))
        temporary.replace(path)
    except OSError as error:
        fail(f"Can't write the ready file {path} ({error.strerror}): choose another --ready-file.")


def _temporary(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.getpid()}")
