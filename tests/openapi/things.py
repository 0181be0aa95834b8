"""What the names in a request stand for: things of a world, which are made when they are asked for and not there."""

import os
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from driver import PRINCIPAL, World

TEAM, SPACE, APP, ATTACHMENT = "kagemusha", "roadstead", "lighter", "SPARE"
REDIS, POSTGRES, KAFKA = "redis-one", "postgresql-one", "kafka-one"
PLANS = {
    REDIS: "heroku-redis:private-7",
    POSTGRES: "heroku-postgresql:private-4",
    KAFKA: "heroku-kafka:private-standard-2",
}
STILL = {"seed": 7, "clock": "manual", "now": "1970-01-01T00:00:00Z"}
"""A world whose clock stands still, so long ago that it can be moved to whichever moment."""
WAITING = {"addon.provisioning": "never", "endpoint.pending_acceptance": "never"}
"""The stages that somebody can end: they wait for that."""
SOURCE = "127.0.0.2"
PRIVATELINK = "/private-link/v0/databases/{}"


class Things:
    """The things of the sandbox ``one``. Those that have a name of their own are there for many requests."""

    def __init__(self, client: httpx.Client, **delays: object) -> None:
        """`client` is one of the server under test; `delays` are more of those of a sandbox that is to be made."""
        self._client = client
        self._delays = delays

    @property
    def world(self) -> World:
        """The sandbox, made if it is not there."""
        shown = self._client.get("/_sim/sandboxes/one")
        if shown.status_code == 404:
            body = STILL | {"name": "one", "delays": WAITING | self._delays}
            shown = self._client.post("/_sim/sandboxes", json=body)
        return World(self._client, "one", shown.json()["heroku_api_key"])

    def begin(self) -> None:
        """Let there be what was there in the beginning, the sandbox ``two`` of somebody else among it."""
        for each in self._client.get("/_sim/sandboxes").json():
            if each["name"] not in {"default", "one", "two"}:
                self._client.delete(f"/_sim/sandboxes/{each['name']}")
        for name in ("default", self.world.name):
            self._client.post(f"/_sim/sandboxes/{name}/reset")

    def sandbox(self, *, fresh: bool = False) -> str:
        """A sandbox's name."""
        if not fresh:
            return self.world.name
        made: str = self._client.post("/_sim/sandboxes", json=STILL).json()["name"]
        return made

    def space(self, *, fresh: bool = False) -> str:
        """A space that is allocated."""
        body = {"team": TEAM, "region": "virginia"}
        if fresh:
            made = self._made("/spaces", body | {"name": f"space-{self._number(self.world)}"})
        else:
            made = self._there("/spaces/{}", SPACE, lambda: self._made("/spaces", body | {"name": SPACE}))
        self.wait()
        return made

    def app(self, *, fresh: bool = False, managed: bool = False) -> str:
        """A team's app, in a space; its certificates are managed or not."""
        body = {"space": self.space()}
        if fresh:
            made = self._made("/teams/apps", body)
        else:
            made = self._there("/apps/{}", APP, lambda: self._made("/teams/apps", body | {"name": APP}))
        if managed:
            self.world.post(f"/apps/{made}/acm", {})
        return made

    def addon(self, name: str = REDIS, *, app: str | None = None, fresh: bool = False, provisioned: bool = True) -> str:
        """An add-on, of the app unless `app` is another. What isn't there, or in no space, has none."""
        path = f"/apps/{app or self.app()}/addons"
        found = self.world.send("GET", f"{path}/{name}")
        if fresh or not found.is_success:
            named = {} if fresh else {"name": name}
            found = self.world.send("POST", path, {"plan": PLANS[name], **named})
        made: str = found.json().get("name", name)
        if provisioned:
            self.world.send("POST", f"/addons/{made}/actions/provision")
        return made

    def attachment(self, *, app: str | None = None, fresh: bool = False) -> dict[str, Any]:
        """An attachment of the Redis, to the app unless `app` is another. What isn't there has none."""
        body = {"addon": self.addon(), "app": app or self.app(), "confirm": app or self.app()}
        made = self.world.send("POST", "/addon-attachments", body if fresh else body | {"name": ATTACHMENT})
        found: dict[str, Any] = made.json()
        return found if made.is_success else {"name": ATTACHMENT}

    def account(self, sandbox: str = "one") -> str:
        """The id of a sandbox's AWS account; the article's, if the sandbox is not there."""
        shown = self._client.get(f"/_sim/sandboxes/{sandbox}").json()
        found: str = shown.get("aws", {}).get("account_id", PRINCIPAL[:12])
        return found

    def linked(self, *, fresh: bool = False) -> str:
        """An add-on with a privatelink, through which the sandbox and the article's principal may connect."""
        addon = self.addon(fresh=fresh)
        body = {"allowed_accounts": [PRINCIPAL, self.account()]}
        made = self._there(PRIVATELINK, addon, lambda: self.world.post(PRIVATELINK.format(addon), body))
        self.wait()
        return made

    def service(self) -> str:
        """The name of an endpoint service."""
        found: str = self.world.shown(self.linked())["service_name"]
        return found

    def endpoint(self) -> str:
        """An endpoint that waits for acceptance."""
        return self.world.endpoint(self.service())

    def etag(self, path: str, headers: Mapping[str, str]) -> str:
        """The ETag that GET, sent with the same headers, answers now; any, if there is nothing."""
        sent = {name: value.encode("latin-1") for name, value in (dict(headers) | self.world.headers).items()}
        return self._client.get(path, headers=sent).headers.get("etag", "*")

    def end(self, path: str) -> None:
        """Take a thing away."""
        self.world.send("DELETE", path)
        self.wait()

    def fault(self, sandbox: str) -> str:
        """The number of a fault of a sandbox; what isn't there has none."""
        body = {"operation": "app.info", "effect": {"status": 503}}
        made: object = self._client.post(f"/_sim/sandboxes/{sandbox}/faults", json=body).json()["id"]
        return str(made)

    def source(self, sandbox: str) -> str:
        """An address that was given one in a VPC; in a sandbox that isn't there it was not."""
        self._client.put(f"/_sim/sandboxes/{sandbox}/sources/{SOURCE}", json={"vpc_address": "10.0.1.20"})
        return SOURCE

    def pending(self, sandbox: str, *, held: bool) -> str:
        """A thing of a sandbox for which something is pending, held or not.

        A sandbox that isn't there has none, nor has one at the end of time, where nothing falls due.
        """
        shown = self._client.get(f"/_sim/sandboxes/{sandbox}")
        if not shown.is_success:
            return sandbox
        world = World(self._client, sandbox, shown.json()["heroku_api_key"])
        answer = world.send("POST", "/spaces", {"team": TEAM, "name": f"space-{self._number(world)}"})
        made: str = answer.json()["id"]
        if held:
            world.ask_sim("POST", f"/pending/{made}/hold")
        return made

    def snapshot(self) -> dict[str, Any]:
        """The sandbox as a document."""
        self.linked()
        found: dict[str, Any] = self.world.sim("GET", "/snapshot")
        return found

    def wait(self) -> None:
        """Let everything happen that happens by itself."""
        self.world.until("idle")

    def _number(self, world: World) -> int:
        counter: int = world.sim("GET", "/snapshot")["counter"]
        return counter

    def _made(self, path: str, body: dict[str, Any]) -> str:
        name: str = self.world.post(path, body)["name"]
        return name

    def _there(self, path: str, name: str, make: Callable[[], object]) -> str:
        if self.world.send("GET", path.format(name)).status_code == 404:
            make()
        return name


def of_the_server() -> Things:
    """Those of the server that KAGEMUSHA_URL names."""
    return Things(httpx.Client(base_url=os.environ["KAGEMUSHA_URL"], trust_env=False, timeout=30))
