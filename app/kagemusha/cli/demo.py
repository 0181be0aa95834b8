"""``kagemusha demo``."""

import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from kagemusha.cli.clock import transition_line
from kagemusha.cli.progress import Progress
from kagemusha.cli.remote import Remote
from kagemusha.cli.talk import fail, print_json, print_table

PACE = 240.0
"""Simulated seconds in a second: the whole walk, half an hour of real life, passes in some eight seconds."""
SEED = 7
"""The same names and delays each time."""
LOOKS = 0.1
"""Seconds between two looks at what moves."""


def demo(
    url: Annotated[str | None, typer.Option(help="A running server; one of its own when left out.")] = None,
) -> None:
    """Walk the article's steps, from a private space to the injected config var."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    with _server() if url is None else Remote(url) as remote, _sandbox(remote) as sandbox:
        _Walk(remote, sandbox).walk()
    typer.echo("\nNow with a client of your own:")
    if url is None:
        typer.echo("  kagemusha serve                # in one terminal")
    typer.echo(f'  eval "$(kagemusha env{"" if url is None else f" --url {url}"})"'.ljust(33) + "# in another")
    typer.echo("  heroku spaces")


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _server() -> Iterator[Remote]:
    """A server of our own that keeps nothing and ends with us."""
    from kagemusha.cli.configuration import configured
    from kagemusha.cli.listening import listen, url_of
    from kagemusha.cli.workers import Worker

    settings = configured("demo", host="127.0.0.1", port=0, ephemeral=True, tls=False)
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
    made = remote.sim("POST", "sandboxes", body={"seed": SEED, "pace": PACE}, has=["name", "heroku_api_key", "aws"])
    try:
        yield made
    finally:
        remote.sim("DELETE", "sandboxes", made["name"])


class _Walk:
    """The article's steps in one sandbox, each command as a user types it and its answer as the CLI prints it."""

    def __init__(self, remote: Remote, sandbox: Mapping[str, Any]) -> None:
        self._remote = remote
        self._sandbox = sandbox
        self._seen = 0

    def walk(self) -> None:
        """All of it; the last line is the config var."""
        self._make_space()
        self._make_app()
        addon = self._make_addon()
        service = self._make_link(addon)
        self._make_endpoint(service)
        self._typed(f"heroku data:privatelink {addon} -a ferry")
        self._show_link(addon)
        self._show_config_var()

    def _make_space(self) -> None:
        self._typed("heroku spaces:create harbor --team kagemusha --region virginia")
        space = self._heroku("POST", "/spaces", {"name": "harbor", "team": "kagemusha", "region": "virginia"})
        typer.echo("Creating space harbor in team kagemusha... done")
        _print_object(
            "harbor", {"Team": space["team"]["name"], "Region": space["region"]["name"], "State": space["state"]}
        )
        self._typed("heroku spaces:wait harbor")
        self._wait("Waiting for space harbor to allocate...")

    def _make_app(self) -> None:
        self._typed("heroku apps:create ferry --space harbor")
        app = self._heroku("POST", "/teams/apps", {"name": "ferry", "space": "harbor"})
        typer.echo(f"Creating ferry in space harbor... done\n{app['web_url']} | {app['git_url']}")

    def _make_addon(self) -> str:
        self._typed("heroku addons:create heroku-redis:private-7 -a ferry --wait")
        asked = {"plan": {"name": "heroku-redis:private-7"}}
        addon: str = self._heroku("POST", "/apps/ferry/addons", asked)["name"]
        typer.echo("Creating heroku-redis:private-7 on ferry... done")
        self._wait(f"Waiting for {addon}...")
        made = self._heroku("GET", f"/addons/{addon}")
        typer.echo(f"Created {addon} as {', '.join(made['config_vars'])}")
        return addon

    def _make_link(self, addon: str) -> str:
        principal = self._sandbox["aws"]["principal_arn"]
        path = f"/private-link/v0/databases/{addon}"
        self._typed(f"heroku data:privatelink:create {addon} -i {principal} -a ferry")
        link = self._heroku("POST", path, {"allowed_accounts": [principal]})
        typer.echo("Creating privatelink endpoint... done")
        typer.echo(f"Service Name: {link['service_name'] or 'Provisioning'}\nStatus:       {link['status']}")
        self._typed(f"heroku data:privatelink:wait {addon} -a ferry")
        self._wait("Waiting for the privatelink endpoint to be provisioned...")
        self._typed(f"heroku data:privatelink {addon} -a ferry")
        service: str = self._show_link(addon)["service_name"]
        return service

    def _make_endpoint(self, service: str) -> None:
        path = f"/_sim/sandboxes/{self._sandbox['name']}/endpoints"
        token = '-H "Authorization: Bearer $KAGEMUSHA_ADMIN_TOKEN" ' if self._remote.admin_token else ""
        if self._remote.authority:
            token += f"--cacert {self._remote.authority} "
        self._typed(f"""curl {token}{self._remote.url}{path} --json '{{"service_name": "{service}"}}'""")
        made = self._sim("POST", "endpoints", body={"service_name": service}, has=["endpoint_id"])
        print_json(made)
        self._wait(f"Waiting for {made['endpoint_id']} to be accepted...")

    def _show_link(self, addon: str) -> Any:
        link = self._heroku("GET", f"/private-link/v0/databases/{addon}")
        _print_object(
            f"privatelink endpoint status for {addon}",
            {"Service Name": link["service_name"], "Status": link["status"]},
        )
        _print_rows("Allowed Accounts", ("ARN", "Status"), [(a["arn"], a["status"]) for a in link["allowed_accounts"]])
        connections = [(c["endpoint_id"], c["owner_arn"], c["status"]) for c in link["connections"]]
        _print_rows("Connections", ("Endpoint ID", "Owner ARN", "Status"), connections)
        return link

    def _show_config_var(self) -> None:
        self._typed("heroku config -a ferry | grep ENDPOINT")
        for name, value in self._heroku("GET", "/apps/ferry/config-vars").items():
            if "ENDPOINT" in name:
                typer.echo(f"{name}: {value}")

    def _typed(self, command: str) -> None:
        typer.echo("\n" + typer.style(f"$ {command}", bold=True))

    def _heroku(self, method: str, path: str, body: object = None) -> Any:
        return self._remote.heroku(self._sandbox["heroku_api_key"], method, path, body)

    def _sim(self, method: str, what: str, **more: Any) -> Any:
        return self._remote.sim(method, "sandboxes", self._sandbox["name"], what, **more)

    def _wait(self, doing: str) -> None:
        """Show what moves until nothing more will."""
        typer.echo(doing)
        with Progress() as progress:
            while True:
                # Asked for first: what was pending here and is not in the journal is still to come.
                ahead = self._sim("GET", "pending", has=("now", "pending"))
                for entry in self._news():
                    progress.say(f"  {transition_line(entry)}")
                if not ahead["pending"]:
                    break
                progress.show(ahead["now"], ahead["pending"][0])
                time.sleep(LOOKS)
        typer.echo(f"{doing} done")

    def _news(self) -> Sequence[Mapping[str, Any]]:
        page = self._sim("GET", "journal", query={"after": self._seen}, has=("entries", "next_after"))
        self._seen = page["next_after"]
        entries: list[Mapping[str, Any]] = page["entries"]
        return entries


def _print_object(heading: str, values: Mapping[str, str]) -> None:
    typer.echo(f"=== {heading}\n")
    width = max(map(len, values)) + 2
    for name, value in values.items():
        typer.echo(f"{name + ':':{width}}{value}")


def _print_rows(heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        typer.echo(f"\n=== {heading}\n")
        print_table(columns, rows)
