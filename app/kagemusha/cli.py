"""The command line: talks, doesn't decide."""

import json
import os
import shlex
import socket
import sys
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

app = typer.Typer(help="A stand-in for Heroku's data control plane.", no_args_is_help=True,
                  pretty_exceptions_enable=False, add_completion=False)  # fmt: skip
URL = Annotated[str, typer.Option(envvar="KAGEMUSHA_URL", help="The server's address.")]
_URL = "http://127.0.0.1:8765"


def _fail(message: str) -> NoReturn:
    typer.echo(f"kagemusha: {message}", err=True)
    raise typer.Exit(1)


@app.command(epilog="Example: kagemusha serve --ephemeral --port 0")
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port; 0 takes a free one.")] = None,
    database: Annotated[str | None, typer.Option(help="sqlite:///FILE or postgresql://…")] = None,
    ephemeral: Annotated[bool, typer.Option("--ephemeral", help="Keep nothing.")] = False,
    pace: Annotated[float | None, typer.Option(help="1 is real life, 60 makes minutes seconds.")] = None,
    clock: Annotated[str | None, typer.Option(help="auto or manual, for the sandbox default.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the sandbox default.")] = None,
    auth: Annotated[str | None, typer.Option(help="open or strict.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="Written when requests are answered.")] = None,
) -> None:
    """Start the server."""
    import uvicorn
    from pydantic import ValidationError

    from kagemusha.main import create_app
    from kagemusha.settings import Settings
    from kagemusha.store.engine import DatabaseProblem, connect
    from kagemusha.store.migrate import ensure_schema

    given = {
        "host": host, "port": port, "database": database, "ephemeral": ephemeral or None, "pace": pace,
        "clock": clock, "seed": seed, "auth": auth, "ready_file": ready_file,
    }  # fmt: skip
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        _fail(f"--{str(first['loc'][0]).replace('_', '-')}: {first['msg']}. See kagemusha serve --help.")
    if not settings.is_loopback and not settings.admin_token:
        _fail("A bind that others can reach needs KAGEMUSHA_ADMIN_TOKEN: set it, or leave --host out.")
    listener = _bind(settings.host, settings.port)
    try:
        if not settings.ephemeral:
            engine = connect(settings.database_url)
            ensure_schema(engine)
            engine.dispose()
    except DatabaseProblem as problem:
        _fail(str(problem))
    shown, taken = settings.host if ":" not in settings.host else f"[{settings.host}]", listener.getsockname()[1]
    url = f"http://{shown}:{taken}"

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                typer.echo(f"kagemusha ready at {url}")
                sys.stdout.flush()
                if settings.ready_file:
                    _write(settings.ready_file, {"url": url, "port": taken, "pid": os.getpid()})

    config = uvicorn.Config(create_app(settings), log_level="warning", access_log=False, server_header=False,
                            timeout_graceful_shutdown=1)  # fmt: skip
    try:
        Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


def _write(path: Path, content: dict[str, Any]) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(content))
    temporary.replace(path)


def _bind(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(1024)
    except OSError as error:
        _fail(f"Port {port} on {host} can't be had ({error.strerror}): stop what listens there, or choose another "
              "with --port (0 takes a free one).")  # fmt: skip
    return listener


def _call(method: str, url: str, path: str, body: object = None) -> Any:
    import httpx

    token = os.environ.get("KAGEMUSHA_ADMIN_TOKEN")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        answer = httpx.request(method, url.rstrip("/") + path, json=body, headers=headers, timeout=60, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL):
        _fail(f'No kagemusha answers at {url}: start one with "kagemusha serve", or name another with --url.')
    if answer.is_error:
        _fail(answer.json()["message"] if "json" in answer.headers.get("content-type", "") else answer.text)
    return answer.json() if answer.content else None


@app.command(epilog='Example: eval "$(kagemusha env)"')
def env(
    sandbox: Annotated[str, typer.Option(help="The sandbox.")] = "default",
    url: URL = _URL,
    format_: Annotated[str, typer.Option("--format", help="sh, json, dotenv or github.")] = "sh",
) -> None:
    """Print the environment that points every client at a sandbox."""
    values: dict[str, str] = _call("GET", url, f"/_sim/sandboxes/{sandbox}")["env"]
    if values["HEROKU_DATA_HOST"] != "127.0.0.1":
        typer.echo("kagemusha: WARNING: the heroku CLI ignores hosts other than localhost and 127.0.0.1 and would "
                   "talk to the REAL Heroku.", err=True)  # fmt: skip
    match format_:
        case "json":
            typer.echo(json.dumps(values, indent=2))
        case "sh":
            typer.echo("\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items()))
        case "dotenv" | "github":
            typer.echo("\n".join(f"{name}={value}" for name, value in values.items()))
        case _:
            _fail("--format is one of sh, json, dotenv and github.")


@app.command(epilog="Example: kagemusha demo")
def demo(url: URL = _URL) -> None:
    """Walk the article's steps against a running server, to the injected config var."""
    sandbox = _call("POST", url, "/_sim/sandboxes", {"clock": "manual"})
    name, key = sandbox["name"], sandbox["heroku_api_key"]
    try:
        _walk(url, name, key, sandbox["aws"]["principal_arn"])
    finally:
        _call("DELETE", url, f"/_sim/sandboxes/{name}")
    typer.echo('\nPoint your own client here:  eval "$(kagemusha env)"  and then  heroku spaces')


def _walk(url: str, name: str, key: str, principal: str) -> None:
    import httpx

    headers = {"Authorization": f"Bearer {key}", "Accept": "application/vnd.heroku+json; version=3"}
    client = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def heroku(typed: str, method: str, path: str, body: object = None) -> Any:
        typer.echo(f"$ {typed}")
        answer = client.request(method, path, json=body)
        if answer.is_error:
            _fail(answer.json()["message"])
        return answer.json()

    def wait(what: str) -> None:
        moved = _call("POST", url, f"/_sim/sandboxes/{name}/clock/advance", {"until": "idle"})
        for each in moved["transitions"]:
            typer.echo(f"  {each['at']}  {each['machine']} {each['name']}: {each['from']} → {each['to']}")
            time.sleep(0.1 if sys.stdout.isatty() else 0)
        typer.echo(f"  {what}")

    heroku("heroku spaces:create harbor --team kagemusha --region virginia", "POST", "/spaces",
           {"name": "harbor", "team": "kagemusha", "region": "virginia"})  # fmt: skip
    wait("the space is allocated")
    heroku("heroku apps:create ferry --space harbor", "POST", "/teams/apps", {"name": "ferry", "space": "harbor"})
    addon = heroku("heroku addons:create heroku-redis:private-7 -a ferry --wait", "POST", "/apps/ferry/addons",
                   {"plan": {"name": "heroku-redis:private-7"}})["name"]  # fmt: skip
    wait(f"{addon} is provisioned")
    path = f"/private-link/v0/databases/{addon}"
    heroku(f"heroku data:privatelink:create {addon} -i {principal} -a ferry", "POST", path,
           {"allowed_accounts": [principal]})  # fmt: skip
    wait("the privatelink is Operational")
    link = heroku(f"heroku data:privatelink {addon} -a ferry", "GET", path)
    typer.echo(f"  Service Name: {link['service_name']}")
    typer.echo(f"$ aws ec2 create-vpc-endpoint --vpc-endpoint-type Interface --service-name {link['service_name']}")
    made = _call("POST", url, f"/_sim/sandboxes/{name}/endpoints", {"service_name": link["service_name"]})
    wait(f"{made['endpoint_id']} is available")
    identity = made["endpoint_id"].removeprefix("vpce-").upper()
    for variable, value in heroku(
        f"heroku config -a ferry | grep {identity}", "GET", "/apps/ferry/config-vars"
    ).items():
        if identity in variable:
            typer.echo(f"{variable}: {value}")
