"""A furnished world for bad requests: something of everything, in many states, and another sandbox beside it."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
from bad_requests import Bad
from driver import ACCEPT, PRINCIPAL, PROVISIONED, World

OTHER = "210987654321"


class Furnished:
    """The sandboxes `one`, which bad requests are sent to, and `two`; `names` are ids in them."""

    def __init__(self, client: httpx.Client) -> None:
        """Make both."""
        self.one = World.make(client, "one", aws_account_id="111122223333")
        self.two = World.make(client, "two", seed=8)
        _furnish(self.one)
        self.two.app("barge", "pier")
        self.two.addon("barge", name="theirs")
        self.names = _connect(self.one, "linked", "ferry")
        self.names |= {f"their_{name}": value for name, value in _connect(self.two, "theirs", "barge").items()}
        _begin_and_end(self.one)
        self.told = self.look()

    def look(self) -> list[Any]:
        """Both worlds, each as one document, and which sandboxes there are."""
        # Requests are told of, and are none of the world.
        shown = [
            world.sim("GET", "/snapshot") | {"exported_at": None, "requests": None} for world in (self.one, self.two)
        ]
        there = self.one.client.get("/_sim/sandboxes").json()
        return [*shown, [each | {"clock": None} for each in there]]

    def send(self, bad: Bad) -> httpx.Response:
        """Send a bad request as a client of `one`."""
        body = bad.body if bad.body is None or isinstance(bad.body, bytes) else self._named(json.dumps(bad.body))
        usual = {"Accept": ACCEPT, "Authorization": f"Bearer {self.one.key}"}
        if body is not None:
            usual["Content-Type"] = "application/json"
        given: Mapping[str, str | None] = usual | dict(bad.headers)
        headers = {
            name: self._named(value).encode("latin-1") for name, value in given.items() if value is not None
        }  # fmt: skip
        return self.one.client.request(bad.method, self._named(bad.path), content=body, headers=headers)  # type: ignore[arg-type]

    def _named(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(f"<{name}>", value)
        return text


def _furnish(world: World) -> None:
    world.app("ferry")
    world.post("/apps", {"name": "tern"})
    for name, plan in (("linked", "redis:private-7"), ("bare", "redis:private-3"), ("leaving", "redis:private-3"),
                       ("advanced", "postgresql:advanced-8g")):  # fmt: skip
        world.post("/apps/ferry/addons", {"plan": f"heroku-{plan}", "name": name})
    world.post("/apps/tern/addons", {"plan": "heroku-redis:mini", "name": "mini"})
    for space in ("going", "haven"):
        world.post("/spaces", {"name": space, "team": "kagemusha"})
    world.advance(PROVISIONED)
    world.call("PATCH", "/apps/ferry/config-vars", {"A": "b", "OWN_URL": "c"})
    world.post("/addon-attachments", {"addon": "linked", "app": "tern", "name": "SHARED"})
    world.link("leaving")


def _connect(world: World, addon: str, app: str) -> dict[str, str]:
    """Give an add-on a link with two accounts and an available endpoint; returns ids of its surroundings."""
    service = world.link(addon, PRINCIPAL, OTHER)["service_name"]
    endpoint = world.endpoint(service)
    world.advance(PROVISIONED)
    return {
        "app": world.get(f"/apps/{app}")["id"],
        "addon": world.get(f"/addons/{addon}")["id"],
        "attachment": world.get(f"/apps/{app}/addon-attachments/REDIS")["id"],
        "space": world.get(f"/apps/{app}")["space"]["id"],
        "service": service,
        "endpoint": endpoint,
        "key": world.key,
        "account": world.sim("GET", "")["aws"]["account_id"],
    }


def _begin_and_end(world: World) -> None:
    """Let something be under way: time stands still from here on."""
    world.call("DELETE", "/private-link/v0/databases/leaving")
    world.call("DELETE", "/spaces/going")
    world.post("/spaces", {"name": "young", "team": "kagemusha"})
    world.post("/apps/ferry/addons", {"plan": "heroku-redis:private-3", "name": "young"})
