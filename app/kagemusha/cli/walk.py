"""The article's steps, as `kagemusha demo` walks them: Heroku's, and what an endpoint needs without an AWS client."""

import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import typer

from kagemusha.cli.clock import transition_line
from kagemusha.cli.progress import Progress
from kagemusha.cli.remote import Remote
from kagemusha.cli.talk import fail, print_json, print_table

PATIENCE = 10.0
"""Seconds that the data store has to answer."""
LOOKS = 0.1
"""Seconds between two looks at what moves."""


class Consumer(Protocol):
    """Who wants to reach the add-on from an AWS account."""

    def introduce(self) -> None:
        """Show whose account it is, if that can be asked."""

    def connect(self, service: str) -> str:
        """Make an endpoint of `service` and wait for it; returns its id."""


class Walk:
    """The article's steps in one sandbox, each command as a user types it and its answer as the CLI prints it."""

    def __init__(self, remote: Remote, sandbox: Mapping[str, Any], heed: Callable[[], None]) -> None:
        """In a sandbox that is empty; `heed` is called where the walk may end, and raises what ends it."""
        self.remote = remote
        self._heed = heed
        self.sandbox = sandbox
        self._seen = 0

    def all_the_way(self, consumer: Consumer) -> None:
        """All of it; the last line is what the data store answers to a client in the VPC."""
        self._make_space()
        self._make_app()
        addon = self._make_addon()
        consumer.introduce()
        service = self._make_link(addon)
        endpoint = consumer.connect(service)
        self.typed(f"heroku data:privatelink {addon} -a ferry")
        self._show_link(addon)
        name, url = self._show_config_var(endpoint.removeprefix("vpce-").upper())
        self._ping(name, url)

    def _make_space(self) -> None:
        self.typed("heroku spaces:create harbor --team kagemusha --region virginia")
        space = self._heroku("POST", "/spaces", {"name": "harbor", "team": "kagemusha", "region": "virginia"})
        typer.echo("Creating space harbor in team kagemusha... done")
        _print_object(
            "harbor", {"Team": space["team"]["name"], "Region": space["region"]["name"], "State": space["state"]}
        )
        self.typed("heroku spaces:wait harbor")
        self.wait("Waiting for space harbor to allocate...")

    def _make_app(self) -> None:
        self.typed("heroku apps:create ferry --space harbor")
        app = self._heroku("POST", "/teams/apps", {"name": "ferry", "space": "harbor"})
        typer.echo(f"Creating ferry in space harbor... done\n{app['web_url']} | {app['git_url']}")

    def _make_addon(self) -> str:
        self.typed("heroku addons:create heroku-redis:private-7 -a ferry --wait")
        asked = {"plan": {"name": "heroku-redis:private-7"}}
        addon: str = self._heroku("POST", "/apps/ferry/addons", asked)["name"]
        typer.echo("Creating heroku-redis:private-7 on ferry... done")
        self.wait(f"Waiting for {addon}...")
        made = self._heroku("GET", f"/addons/{addon}")
        typer.echo(f"Created {addon} as {', '.join(made['config_vars'])}")
        return addon

    def _make_link(self, addon: str) -> str:
        principal = self.sandbox["aws"]["principal_arn"]
        path = f"/private-link/v0/databases/{addon}"
        self.typed(f"heroku data:privatelink:create {addon} -i {principal} -a ferry")
        link = self._heroku("POST", path, {"allowed_accounts": [principal]})
        typer.echo("Creating privatelink endpoint... done")
        typer.echo(f"Service Name: {link['service_name'] or 'Provisioning'}\nStatus:       {link['status']}")
        self.typed(f"heroku data:privatelink:wait {addon} -a ferry")
        self.wait("Waiting for the privatelink endpoint to be provisioned...")
        self.typed(f"heroku data:privatelink {addon} -a ferry")
        service: str = self._show_link(addon)["service_name"]
        return service

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

    def _show_config_var(self, number: str) -> tuple[str, str]:
        self.typed(f"heroku config -a ferry | grep {number}")
        config: dict[str, str] = self._heroku("GET", "/apps/ferry/config-vars")
        [(name, value)] = [(name, value) for name, value in config.items() if number in name]
        typer.echo(f"{name}: {value}")
        return name, value

    def _ping(self, name: str, url: str) -> None:
        """Connect through the endpoint as redis-cli does, where there is a data plane."""
        if not self.sim("GET", "data-plane", has=["on"])["on"]:
            typer.echo("\nNothing listens there: the server has no data plane (kagemusha serve --data-plane).")
            return
        if find_spec("redis") is None:
            typer.echo("\nTo connect from here: pip install 'kagemusha[dataplane]'.")
            return
        from redis import Redis, RedisError

        self.typed(f'redis-cli --tls --insecure -u "$(heroku config:get {name} -a ferry)" ping')
        secure = url.replace("redis://", "rediss://", 1)
        try:
            with Redis.from_url(
                secure, ssl_cert_reqs="none", ssl_check_hostname=False, socket_timeout=PATIENCE
            ) as store:
                typer.echo("PONG" if store.ping() else "")
        except RedisError as error:
            fail(f"{name} does not answer: {error}")
        typer.echo("\nPostgres add-ons can be connected to likewise; Kafka's have URLs, but nothing listens there.")

    def typed(self, command: str) -> None:
        """A command, as it is typed."""
        self._heed()
        typer.echo("\n" + typer.style(f"$ {command}", bold=True))

    def _heroku(self, method: str, path: str, body: object = None) -> Any:
        return self.remote.heroku(self.sandbox["heroku_api_key"], method, path, body)

    def sim(self, method: str, what: str, **more: Any) -> Any:
        """What the control API answers about the sandbox."""
        return self.remote.sim(method, "sandboxes", self.sandbox["name"], what, **more)

    def wait(self, doing: str) -> None:
        """Show what moves until nothing more will."""
        typer.echo(doing)
        with Progress() as progress:
            while True:
                # Asked for first: what was pending here and is not in the journal is still to come.
                ahead = self.sim("GET", "pending", has=("now", "pending"))
                for entry in self._news():
                    progress.say(f"  {transition_line(entry)}")
                if not ahead["pending"]:
                    break
                progress.show(ahead["now"], ahead["pending"][0])
                time.sleep(LOOKS)
                self._heed()
        typer.echo(f"{doing} done")

    def _news(self) -> Sequence[Mapping[str, Any]]:
        page = self.sim(
            "GET", "journal", query={"after": self._seen, "kind": "transition"}, has=("entries", "next_after")
        )
        self._seen = page["next_after"]
        entries: list[Mapping[str, Any]] = page["entries"]
        return entries


class ControlApi:
    """A consumer without an AWS client: the control API makes its endpoint, by EC2's rules."""

    def __init__(self, walk: Walk) -> None:
        """In the world of `walk`."""
        self._walk = walk

    def introduce(self) -> None:
        """See Consumer."""

    def connect(self, service: str) -> str:
        """See Consumer."""
        walk = self._walk
        path = f"/_sim/sandboxes/{walk.sandbox['name']}/endpoints"
        token = '-H "Authorization: Bearer $KAGEMUSHA_ADMIN_TOKEN" ' if walk.remote.admin_token else ""
        if walk.remote.authority:
            token += f"--cacert {walk.remote.authority} "
        walk.typed(f"""curl {token}{walk.remote.url}{path} --json '{{"service_name": "{service}"}}'""")
        made = walk.sim("POST", "endpoints", body={"service_name": service}, has=["endpoint_id"])
        print_json(made)
        endpoint: str = made["endpoint_id"]
        walk.wait(f"Waiting for {endpoint} to be accepted...")
        return endpoint


def _print_object(heading: str, values: Mapping[str, str]) -> None:
    typer.echo(f"=== {heading}\n")
    width = max(map(len, values)) + 2
    for name, value in values.items():
        typer.echo(f"{name + ':':{width}}{value}")


def _print_rows(heading: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        typer.echo(f"\n=== {heading}\n")
        print_table(columns, rows)
