"""The calls of the Terraform provider for Heroku: create, read, a plan without changes, update, destroy.

The provider itself can't be installed here, so what it sends is written down, resource by resource; what it reads must
be there, of its type, and the same when it is read again, or a plan would show a change that nobody asked for.
"""

import base64
import re
from typing import Any

import pytest
from driver import ACCEPT, World
from fastapi.testclient import TestClient

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
REFERENCE = {"id": str, "name": str}
ADDON = {
    "actions": list, "addon_service": dict, "app": dict, "billed_price": dict, "billing_entity": dict,
    "config_vars": list, "created_at": str, "id": str, "name": str, "plan": dict, "provider_id": str,
    "provision_message": str, "state": str, "updated_at": str,
}  # fmt: skip
APP = {"name": str, "stack": dict, "region": dict, "git_url": str, "web_url": str, "id": str, "created_at": str}


class Provider:
    """What the provider does with each resource, over one connection and with its credentials."""

    def __init__(self, world: World) -> None:
        """Speak for the world's key, as ``Basic :KEY``."""
        self.world = world
        basic = base64.b64encode(f":{world.key}".encode()).decode()
        self.headers = {"Accept": ACCEPT, "Authorization": f"Basic {basic}"}

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The body of an answer that must be a success."""
        content = {} if body is None else {"json": body}
        answer = self.world.client.request(method, path, headers=self.headers | headers, **content)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json()

    def missing(self, path: str) -> bool:
        """Whether the thing is gone, which the provider sees by a 404."""
        return self.world.client.get(path, headers=self.headers).status_code == 404

    def until(self, path: str, wanted: str, pending: str) -> Any:
        """Ask until the state is `wanted`; it may only be `pending` before."""
        while (found := self.call("GET", path))["state"] != wanted:
            assert found["state"] == pending
            self.world.until("next")
        return found

    def released(self, app: str) -> None:
        """Wait for the newest release, as after every change of config."""
        [newest] = self.call("GET", f"/apps/{app}/releases", Range="version ..; max=1,order=desc")
        assert self.call("GET", f"/apps/{app}/releases/{newest['id']}")["status"] == "succeeded"

    def space(self, **more: object) -> Any:
        """Create a heroku_space; returns what is read of it."""
        body = {"generation": "cedar", "region": "virginia", "shield": False, "team": "kagemusha"} | more
        made = self.call("POST", "/spaces", body)
        self.until(f"/spaces/{made['id']}", "allocated", "allocating")
        return self.read_space(made["id"])

    def read_space(self, space: str) -> Any:
        """What is read of a heroku_space."""
        return self.call("GET", f"/spaces/{space}"), self.call("GET", f"/spaces/{space}/nat")

    def app(self, body: dict[str, object], *, in_team: bool) -> Any:
        """Create a heroku_app; returns what is read of it."""
        made = self.call("POST", "/teams/apps" if in_team else "/apps", body)
        self.released(made["id"])
        return self.read_app(made["id"], in_team=in_team)

    def read_app(self, app: str, *, in_team: bool) -> Any:
        """What is read of a heroku_app."""
        read = [
            self.call("GET", f"/apps/{app}"), self.call("GET", f"/apps/{app}/buildpack-installations"),
            self.call("GET", f"/apps/{app}/config-vars"),
        ]  # fmt: skip
        return [*read, self.call("GET", f"/teams/apps/{app}")] if in_team else read

    def addon(self, app: str, plan: str, **more: object) -> Any:
        """Create a heroku_addon; returns what is read of it."""
        owner = self.call("GET", f"/apps/{app}")
        made = self.call("POST", f"/apps/{owner['id']}/addons", {"confirm": owner["name"], "plan": plan} | more)
        self.until(f"/apps/{owner['id']}/addons/{made['id']}", "provisioned", "provisioning")
        return self.read_addon(owner["id"], made["id"])

    def read_addon(self, app: str, addon: str) -> Any:
        """What is read of a heroku_addon, which waits until its variables are the app's."""
        read = self.call("GET", f"/addons/{addon}")
        config = self.call("GET", f"/apps/{app}/config-vars")
        assert set(read["config_vars"]) <= set(config)
        return read, {name: config[name] for name in read["config_vars"]}


@pytest.fixture
def terraform(client: TestClient) -> Provider:
    """The provider, and a world for it."""
    return Provider(World.make(client))


def check(found: dict[str, Any], kinds: dict[str, type]) -> None:
    """Every field that the provider reads is there, of its type; moments have no fraction."""
    assert {name: type(found[name]) for name in kinds} == kinds
    assert all(MOMENT.fullmatch(value) for name, value in found.items() if name.endswith("_at") and value)


def test_heroku_space(terraform: Provider) -> None:
    """A space is allocated, keeps what was asked for, is renamed, and goes."""
    asked = {"name": "harbor", "region": "dublin", "shield": True, "cidr": "10.8.0.0/16", "data_cidr": "10.9.0.0/16"}
    space, nat = terraform.space(**asked)
    check(space, {"id": str, "name": str, "team": dict, "organization": dict, "region": dict, "shield": bool,
                  "state": str, "cidr": str, "data_cidr": str, "created_at": str, "updated_at": str})  # fmt: skip
    assert {name: space[name] for name in asked} == asked | {"region": space["region"]}
    assert (space["region"]["name"], space["team"]["name"]) == ("dublin", "kagemusha")
    assert (nat["state"], len(nat["sources"])) == ("enabled", 4)
    assert terraform.read_space(space["id"]) == (space, nat)
    terraform.call("PATCH", f"/spaces/{space['id']}", {"name": "haven"})
    renamed, _ = terraform.read_space(space["id"])
    assert renamed == space | {"name": "haven", "updated_at": renamed["updated_at"]}
    terraform.call("DELETE", f"/spaces/{space['id']}")
    terraform.world.until("idle")
    assert terraform.missing(f"/spaces/{space['id']}")


@pytest.mark.parametrize("stack", [None, "heroku-22"])
def test_heroku_app(terraform: Provider, stack: str | None) -> None:
    """An app of one's own: name, stack, buildpacks, certificates and config, all as asked for, and changed."""
    read = terraform.app({"name": "ferry", "region": "us"} | ({"stack": stack} if stack else {}), in_team=False)
    app, buildpacks, config = read
    check(app, APP | {"acm": bool, "maintenance": bool})
    assert (app["stack"]["name"], app["region"]["name"], app["team"]) == (stack or "heroku-24", "us", None)
    assert (app["space"], app["internal_routing"], buildpacks, config) == (None, None, [], {})
    assert terraform.read_app(app["id"], in_team=False) == read
    path = f"/apps/{app['id']}"
    terraform.call("PATCH", f"{path}/config-vars", {"A": "1", "B": "2"})
    terraform.released(app["id"])
    terraform.call("PATCH", path, {"name": "tern", "build_stack": "heroku-26"})
    updates = [{"buildpack": "heroku/nodejs"}, {"buildpack": "https://example.com/pack.git"}]
    terraform.call("PUT", f"{path}/buildpack-installations", {"updates": updates})
    terraform.call("POST", f"{path}/acm")
    changed = terraform.read_app(app["id"], in_team=False)
    assert (changed[0]["name"], changed[0]["stack"]["name"], changed[0]["acm"]) == ("tern", "heroku-26", True)
    assert [each["buildpack"]["name"] for each in changed[1]] == [each["buildpack"] for each in updates]
    assert changed[2] == {"A": "1", "B": "2"}
    assert terraform.read_app(app["id"], in_team=False) == changed
    terraform.call("DELETE", f"{path}/acm")
    assert terraform.call("GET", path)["acm"] is False
    terraform.call("DELETE", path)
    assert terraform.missing(path)


@pytest.mark.parametrize("in_space", [False, True])
def test_heroku_app_of_a_team(terraform: Provider, in_space: bool) -> None:
    """An app of a team's, in a space or not, is locked and unlocked; the space waits for it to go."""
    space = terraform.space(name="harbor")[0] if in_space else None
    place = {"space": space["name"], "region": "virginia"} if space else {"region": "eu"}
    asked = {"locked": False, "name": "ferry", "personal": False, "team": "kagemusha"} | place
    read = terraform.app(asked, in_team=True)
    app, team_app = read[0], read[3]
    check(app, APP | {"team": dict} | ({"space": dict, "internal_routing": bool} if space else {}))
    check(team_app, APP | {"locked": bool, "team": dict})
    assert (team_app["locked"], team_app["team"]["name"], app["region"]["name"]) == (
        False,
        "kagemusha",
        place["region"],
    )
    assert (app["space"] or {}).get("name") == place.get("space")
    assert terraform.read_app(app["id"], in_team=True) == read
    assert terraform.call("PATCH", f"/teams/apps/{app['id']}", {"locked": True})["locked"] is True
    assert terraform.read_app(app["id"], in_team=True)[3]["locked"] is True
    terraform.call("DELETE", f"/apps/{app['id']}")
    assert terraform.missing(f"/teams/apps/{app['id']}")
    if space:
        terraform.call("DELETE", f"/spaces/{space['id']}")


def test_heroku_addon(terraform: Provider) -> None:
    """An add-on is provisioned, gives its variables, takes another plan, and is a 404 once destroyed."""
    app = terraform.app({"name": "ferry", "region": "us"}, in_team=False)[0]
    read = terraform.addon(app["id"], "heroku-redis:premium-0", name="redis-mine", config={"maxmemory": "lru"})
    addon = read[0]
    check(addon, ADDON)
    for part in ("addon_service", "app", "plan"):
        check(addon[part], REFERENCE)
    check(addon["billing_entity"], REFERENCE | {"type": str})
    assert (addon["name"], addon["plan"]["name"]) == ("redis-mine", "heroku-redis:premium-0")
    assert list(read[1]) == ["REDIS_URL"]
    assert terraform.read_addon(app["id"], addon["id"]) == read
    path = f"/apps/{app['id']}/addons/{addon['id']}"
    terraform.call("PATCH", path, {"plan": "heroku-redis:premium-1"})
    terraform.until(path, "provisioned", "provisioning")
    changed = terraform.read_addon(app["id"], addon["id"])
    assert changed[0]["plan"]["name"] == "heroku-redis:premium-1"
    terraform.call("PATCH", path, {"plan": "heroku-redis:premium-1", "name": "redis-ours"})
    changed = terraform.read_addon(app["id"], addon["id"])
    assert changed[0]["name"] == "redis-ours"
    assert changed[1] == read[1]
    assert terraform.read_addon(app["id"], addon["id"]) == changed
    terraform.call("DELETE", path)
    assert terraform.missing(path)
    assert terraform.missing(f"/addons/{addon['id']}")


@pytest.mark.parametrize("namespace", [None, "credential:analyst"])
def test_heroku_addon_attachment(terraform: Provider, namespace: str | None) -> None:
    """An attachment has the app, the add-on, the name and the namespace that were asked for, until it is destroyed."""
    for name in ("ferry", "tern"):
        terraform.app({"name": name, "region": "us"}, in_team=False)
    addon = terraform.addon("ferry", "heroku-postgresql:standard-0")[0]
    app = terraform.call("GET", "/apps/tern")
    asked = {"addon": addon["id"], "app": app["id"], "name": "STORE"} | ({"namespace": namespace} if namespace else {})
    made = terraform.call("POST", "/addon-attachments", asked)
    terraform.released(app["id"])
    path = f"/addon-attachments/{made['id']}"
    read = terraform.call("GET", path)
    check(read, {"id": str, "name": str, "app": dict, "addon": dict, "created_at": str})
    assert (read["app"]["id"], read["addon"]["id"], read["name"]) == (app["id"], addon["id"], "STORE")
    assert read["namespace"] == namespace
    assert terraform.call("GET", path) == read
    assert list(terraform.call("GET", "/apps/tern/config-vars")) == ["STORE_URL"]
    terraform.call("DELETE", path)
    assert terraform.missing(path)
    assert terraform.call("GET", "/apps/tern/config-vars") == {}


def test_heroku_app_config_association(terraform: Provider) -> None:
    """Variables are set, changed, left alone where they are others', and removed, each time with a release."""
    app = terraform.app({"name": "ferry", "region": "us"}, in_team=False)[0]
    terraform.addon("ferry", "heroku-redis:premium-0")
    path = f"/apps/{app['id']}/config-vars"
    other = terraform.call("GET", path)
    for change, left in (({"K": "v", "SECRET": "s"}, {"K": "v", "SECRET": "s"}),
                         ({"K": "w", "SECRET": None}, {"K": "w"}), ({"K": None}, {})):  # fmt: skip
        terraform.call("PATCH", path, change)
        terraform.released(app["id"])
        read = terraform.call("GET", path)
        assert read == other | left
        assert terraform.call("GET", path) == read
        assert all(isinstance(value, str) for value in read.values())
