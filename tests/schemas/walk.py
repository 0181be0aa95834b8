"""A walk to everything that Heroku's half of the service can answer, with a client of its own on a real wire."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from driver import ACCEPT, PRINCIPAL, PROVISIONED, World
from kagemusha import openapi
from kagemusha.api.documents import ANYWHERE

JSON = {"Content-Type": "application/json"}
LINK = "/private-link/v0/databases/{}"
PLANS = ("heroku-redis:private-7", "heroku-postgresql:private-4", "heroku-kafka:private-standard-2")
Names = Mapping[str, Mapping[str, str]]
"""What the parameters of a path stand for, by how it begins; the longest beginning counts."""


@dataclass(frozen=True)
class Operation:
    """What OpenAPI says of an operation."""

    id: str
    method: str
    path: str
    statuses: frozenset[str]
    """Those that are documented, but for those that every operation has."""
    headers: frozenset[str]
    takes_body: bool
    is_platform: bool


def operations() -> Iterator[Operation]:
    """Every operation of Heroku's half."""
    documents = openapi.documents()
    for file in ("heroku-platform.json", "heroku-data.json"):
        for path, methods in documents[file]["paths"].items():
            for method, said in methods.items():
                yield Operation(
                    said["operationId"],
                    method.upper(),
                    path,
                    frozenset(said["responses"]) - set(map(str, ANYWHERE)),
                    frozenset(each["name"] for each in said.get("parameters", ()) if each["in"] == "header"),
                    "requestBody" in said,
                    file.startswith("heroku-platform"),
                )


class Walk:
    """One world, and what was answered in it."""

    def __init__(self, client: httpx.Client) -> None:
        """`client` has the server's address."""
        self.answers: list[httpx.Response] = []
        client.event_hooks = {"response": [lambda answer: (answer.read(), self.answers.append(answer))]}
        self.world = World.make(client, "walk")
        self.operations = list(operations())
        self.addons: list[str] = []

    def go(self) -> None:
        """All of it."""
        self.look(NOBODY)
        self.settle_in()
        self.look(self.names())
        self.write_too_early()
        self.world.advance(PROVISIONED)
        self.connect()
        self.look(self.names())
        self.look_for_changes()
        self.refuse()
        self.stray()
        self.write()
        self.look(self.names())
        self.collide()
        self.end()
        self.look(self.names())

    def exhaust(self) -> None:
        """Every operation of a server that answers one request an hour."""
        self.send("GET", "/account")
        for each in self.operations:
            self.send(each.method, filled(each.path, NOBODY))

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The body of an answer, whatever its status."""
        answer = self.world.send(method, path, body, **headers)
        return answer.json() if answer.content else None

    def names(self) -> Names:
        """What there is when the world is furnished."""
        redis, postgres, kafka = self.addons
        in_app = {"app": "ferry", "name": redis}
        return {
            "/addon-attachments": {"name": "ferry::REDIS"},
            "/addon-services": {"name": "heroku-redis", "plan_name": "private-7"},
            "/addons": {"name": redis},
            "/apps": {"name": "ferry", "app": "ferry", "identity_": "1"},
            "/apps/{app}/addons": in_app,
            "/apps/{app}/addon-attachments": {"app": "ferry", "name": "REDIS"},
            "/client": {"name": postgres},
            "/data/kafka": {"name": kafka},
            "/data/maintenances": in_app,
            "/oauth": {"name": "~"},
            "/plans": {"name": PLANS[0]},
            "/postgres": {"name": postgres, "credential_name": "default"},
            "/private-link": {"name": redis},
            "/redis": {"name": redis},
            "/regions": {"name": "virginia"},
            "/spaces": {"name": "harbor"},
            "/teams": {"name": "kagemusha", "team": "kagemusha"},
            "/teams/apps": {"name": "ferry"},
            "/users": {"user": "~"},
        }

    def look(self, names: Names) -> None:
        """Read everything, and again in part, with what it refers to."""
        rich = {"accept_expansion": "plan,addon_service,region", "accept_inclusion": "addon:plan,config_vars"}
        for each in self.operations:
            if each.method == "GET":
                path = filled(each.path, names)
                field = "version" if path.endswith("/releases") else "id"
                self.send("GET", path)
                self.send("GET", path, range=f"{field} ..; max=1", if_none_match='"other"', **rich)

    def look_for_changes(self) -> None:
        """Read everything if there is something new, and without the body."""
        for each in self.operations:
            if each.method == "GET":
                self.send("GET", filled(each.path, self.names()), if_none_match="*")
                self.send("HEAD", filled(each.path, self.names()))

    def settle_in(self) -> None:
        """Spaces, apps of each kind, and add-ons that provision."""
        post = self.world.post
        post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "virginia"})
        post("/spaces", {"name": "quay", "team": "kagemusha", "shield": True, "cidr": "172.16.0.0/16"})
        self.world.advance(PROVISIONED)
        post("/teams/apps", {"name": "ferry", "space": "harbor", "internal_routing": True})
        post("/teams/apps", {"team": "kagemusha", "locked": True})
        post("/apps", {"name": "tern", "region": "eu", "stack": "container"})
        post("/apps", {"name": "x" * 30})
        self.addons = [post("/apps/ferry/addons", {"plan": plan})["name"] for plan in PLANS]
        post("/apps/tern/addons", {"plan": {"name": "heroku-redis"}, "name": "spare"}, accept_expansion="plan")
        post("/apps/tern/addons", {"plan": "heroku-redis:mini", "name": "doomed"})
        post("/addon-attachments", {"addon": self.addons[0], "app": "ferry", "name": "CACHE", "namespace": "a:b"})

    def write_too_early(self) -> None:
        """What must wait for an add-on; and its provider's two calls."""
        for each in self.operations:
            if not each.is_platform and each.method != "GET":
                self.send(each.method, filled(each.path, self.names()), BODIES.get(each.id))
        self.send("POST", "/addons/doomed/actions/deprovision")
        for action in ("provision", "provision", "deprovision"):
            self.send("POST", f"/addons/spare/actions/{action}")

    def connect(self) -> None:
        """A privatelink and an endpoint of each add-on, one of them rejected."""
        for addon in self.addons:
            self.world.endpoint(self.world.link(addon)["service_name"])
        self.world.advance(PROVISIONED)
        rejected = self.world.endpoint(self.world.shown(self.addons[0])["service_name"])
        self.world.sim("POST", f"/endpoints/{rejected}/reject")
        self.world.endpoint(self.world.shown(self.addons[0])["service_name"])

    def refuse(self) -> None:
        """What any operation refuses: no credentials, another Accept, a body that can't be read, unknown names."""
        names, client = self.names(), self.world.client
        for each in self.operations:
            path, unknown = filled(each.path, names), filled(each.path, NOBODY)
            body = BODIES.get(each.id)
            client.request(each.method, path, json=body, headers={"Accept": ACCEPT})
            if each.is_platform:
                client.request(each.method, path, json=body, headers=self.world.headers | {"Accept": "text/html"})
            self.send(each.method, unknown, STRANGE.get(each.id, body))
            if "If-Match" in each.headers:
                self.send(each.method, path, body, if_match='"other"')
            if "Range" in each.headers:
                self.send("GET", path, range="colour ..")
            if each.takes_body:
                client.request(each.method, path, content=b"{", headers=self.world.headers | JSON)
                self.send(each.method, path, [])

    def stray(self) -> None:
        """What no operation answers."""
        self.send("PUT", "/apps")
        self.send("OPTIONS", "/apps")
        self.send("GET", "/apps/ferry/builds")
        self.send("GET", "/apps/%00")
        self.send("POST", "/apps", {"name": "x" * 2_000_000})

    def write(self) -> None:
        """Everything that can be changed."""
        redis = self.addons[0]
        for each in self.operations:
            if each.id in BODIES:
                self.send(each.method, filled(each.path, self.names()), BODIES[each.id])
        for each in self.operations:
            if not each.is_platform and each.method == "POST" and each.id not in BODIES:
                self.send("POST", filled(each.path, self.names()))
        for method in ("POST", "PATCH", "DELETE", "PATCH"):
            self.send(method, "/apps/ferry/acm")
        self.send("PATCH", "/apps/ferry/config-vars", {"A_1": "b", "_": ""})
        self.send("POST", "/actions/addons/resolve", {"addon": redis}, accept_expansion="plan,addon_service")
        self.send("POST", "/actions/addon-attachments/resolve", {"addon_attachment": "REDIS"})

    def collide(self) -> None:
        """What is taken, or in the way."""
        redis, postgres, _ = self.addons
        self.send("POST", LINK.format(redis), BODIES["privatelink.create"])
        self.send("POST", "/addon-attachments", {"addon": redis, "app": "tern", "name": "REDIS"})
        self.send("POST", "/addon-attachments", {"addon": redis, "app": "tern", "name": "REDIS", "confirm": "tern"})
        self.send("POST", "/apps/ferry/addons", {"plan": "heroku-redis:private-3", "attachment": {"name": "REDIS"}})
        self.send("POST", "/apps/ferry/addons", {"plan": "heroku-redis:mini"})
        self.send("PATCH", f"/apps/ferry/addons/{postgres}", {"plan": "heroku-redis:private-9"})
        self.send("PATCH", "/apps/tern", {"name": "ferry"})
        self.send("PATCH", "/teams/apps/ferry", {"owner": "~"})
        self.send("PATCH", "/apps/ferry/config-vars", {"A-1": "b"})
        self.send("DELETE", "/spaces/harbor")
        self.send("PATCH", "/spaces/harbor", {"name": "a--b"})
        self.send("DELETE", "/addon-attachments/ferry::DATABASE")
        self.send("PATCH", "/apps/ferry", {"maintenance": True}, if_match='"other"')

    def end(self) -> None:
        """Everything goes, and what is going can't be changed."""
        redis, postgres, _ = self.addons
        self.send("DELETE", "/addon-attachments/ferry::CACHE")
        self.send("DELETE", LINK.format(redis))
        for method, path in (("DELETE", ""), ("PUT", "/allowed_accounts"), ("PATCH", "/allowed_accounts")):
            self.send(method, LINK.format(redis) + path, BODIES["privatelink.create"])
        self.send("DELETE", f"/apps/ferry/addons/{postgres}")
        self.send("GET", LINK.format(redis))
        self.world.advance(PROVISIONED)
        self.send("DELETE", "/spaces/quay")
        self.send("DELETE", "/spaces/quay")
        self.send("PATCH", "/spaces/quay", {"name": "pier"})
        self.send("DELETE", "/apps/tern")


NOBODY: Names = {"/": dict.fromkeys(
    ("app", "credential_name", "identity_", "name", "plan_name", "team", "user"), "nobody"
)}  # fmt: skip

_ACCOUNTS = {"allowed_accounts": [PRINCIPAL, "210987654321"]}
_WINDOW = {"description": "Tuesday 14:30"}
BODIES: dict[str, Any] = {
    "addon.update": {"plan": "heroku-redis:private-9"},
    "addon_config.update": {"config": [{"name": "A", "value": "b"}]},
    "app.update": {"maintenance": True, "build_stack": "heroku-26"},
    "buildpack_installation.update": {"updates": [{"buildpack": "heroku/ruby"}, {"buildpack": "https://x.example/y"}]},
    "postgres.maintenance.window": _WINDOW,
    "privatelink.access.add": _ACCOUNTS,
    "privatelink.access.remove": _ACCOUNTS,
    "privatelink.create": _ACCOUNTS,
    "redis.configure": {"maxmemory_policy": "allkeys-lfu", "timeout": 60},
    "redis.maintenance.window": _WINDOW,
    "redis.upgrade": {"version": "8.1"},
    "space.update": {"name": "harbor"},
    "team_app.update": {"locked": True},
}
"""What makes an operation succeed, where its path does not say all."""

STRANGE: dict[str, Any] = {
    "addon.create": {"plan": PLANS[0]},
    "addon.resolve": {"addon": "nobody"},
    "addon_attachment.create": {"addon": "nobody", "app": "ferry"},
    "addon_attachment.resolve": {"addon_attachment": "nobody"},
    "app.create": {"stack": "nobody"},
    "config_var.update": {"A": "b"},
    "space.create": {"name": "pier", "team": "nobody"},
    "team_app.create": {"space": "nobody"},
}
"""What names something that there isn't, where the path does not; and what a known path would take."""


def filled(path: str, names: Names) -> str:
    """A path with its parameters filled in."""
    beginning = max((each for each in names if path.startswith(each)), key=len, default=None)
    return path if beginning is None else path.format(**names[beginning])
