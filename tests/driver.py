"""One world behind a client: what the API suites and property tests say to it, and what they read of it."""

from typing import Any, Self

import httpx

ACCEPT = "application/vnd.heroku+json; version=3"
BEGAN = "2030-01-01T00:00:00Z"
PRINCIPAL = "123456789101:user/abc.xyz"
PROVISIONED = 601
"""Seconds after which every stage that ends by itself has ended, at pace 1 (but for a deleted endpoint's)."""


class World:
    """A sandbox, with the calls of its clients and of its tests."""

    def __init__(self, client: httpx.Client, name: str, key: str) -> None:
        """Take over the sandbox `name`, whose Heroku key is `key`."""
        self.client = client
        self.name = name
        self.key = key
        self.headers = {"Accept": ACCEPT, "Authorization": f"Bearer {key}"}

    @classmethod
    def make(cls, client: httpx.Client, name: str | None = "one", **more: Any) -> Self:
        """A new sandbox; seed 7 on a manual clock unless `more` says otherwise. None draws a name."""
        asked = {"name": name, "seed": 7, "clock": "manual", "now": BEGAN} | more
        made = client.post("/_sim/sandboxes", json=asked)
        assert made.status_code == 201, made.text
        return cls(client, made.json()["name"], made.json()["heroku_api_key"])

    def send(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """A request of a Heroku client; keyword `if_none_match` is the header If-None-Match."""
        sent = httpx.Headers(self.headers)
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        content = {} if body is None else {"json": body}
        return self.client.request(method, path, headers=sent, **content)

    def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """The body of an answer that must be a success."""
        answer = self.send(method, path, body, **headers)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json()

    def get(self, path: str, **headers: str) -> Any:
        """The body of a GET that must be a success."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: object, **headers: str) -> Any:
        """The body of a POST that must be a success."""
        return self.call("POST", path, body, **headers)

    def refusal(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, str, str]:
        """The status, id and message of a request that must be refused."""
        answer = self.send(method, path, body, **headers)
        assert 400 <= answer.status_code < 500, (method, path, answer.status_code, answer.text)
        said = answer.json()
        return answer.status_code, said["id"], said["message"]

    def ask_sim(self, method: str, path: str, body: object = None) -> httpx.Response:
        """A request to the control API about this sandbox; `path` is what follows its name."""
        content = {} if body is None else {"json": body}
        return self.client.request(method, f"/_sim/sandboxes/{self.name}{path}", **content)

    def sim(self, method: str, path: str, body: object = None) -> Any:
        """The body of an answer of the control API that must be a success."""
        answer = self.ask_sim(method, path, body)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def advance(self, seconds: float) -> Any:
        """Move the clock by `seconds`."""
        return self.sim("POST", "/clock/advance", {"seconds": seconds})

    def until(self, what: str) -> Any:
        """Move the clock to the ``next`` thing due, or until ``idle``."""
        return self.sim("POST", "/clock/advance", {"until": what})

    def app(self, name: str = "ferry", space: str = "harbor") -> str:
        """An app in an allocated space, both made if they are not there; returns its name."""
        if self.send("GET", f"/spaces/{space}").status_code == 404:
            self.post("/spaces", {"name": space, "team": "kagemusha", "region": "virginia"})
            self.advance(PROVISIONED)
        made: str = self.post("/teams/apps", {"name": name, "space": space})["name"]
        return made

    def addon(self, app: str = "ferry", plan: str = "heroku-redis:private-7", **more: object) -> str:
        """A provisioned add-on; returns its name."""
        made: str = self.post(f"/apps/{app}/addons", {"plan": plan, **more})["name"]
        self.advance(PROVISIONED)
        return made

    def link(self, addon: str, *accounts: str) -> dict[str, Any]:
        """An operational privatelink, as the Data API shows it."""
        self.post(f"/private-link/v0/databases/{addon}", {"allowed_accounts": list(accounts) or [PRINCIPAL]})
        self.advance(PROVISIONED)
        return self.shown(addon)

    def shown(self, addon: str) -> dict[str, Any]:
        """The add-on's privatelink as the Data API shows it."""
        found: dict[str, Any] = self.get(f"/private-link/v0/databases/{addon}")
        return found

    def endpoint(self, service_name: str, principal_arn: str = PRINCIPAL, **more: object) -> str:
        """An endpoint that waits for acceptance; returns its id."""
        body = {"service_name": service_name, "principal_arn": principal_arn, **more}
        made: str = self.sim("POST", "/endpoints", body)["endpoint_id"]
        return made

    def connected(self, app: str = "ferry", plan: str = "heroku-redis:private-7") -> tuple[str, str]:
        """The article up to an available endpoint; returns the add-on's name and the endpoint's id."""
        addon = self.addon(self.app(app), plan)
        endpoint = self.endpoint(self.link(addon)["service_name"])
        self.advance(PROVISIONED)
        return addon, endpoint

    def config(self, app: str = "ferry") -> dict[str, str]:
        """The app's config vars."""
        found: dict[str, str] = self.get(f"/apps/{app}/config-vars")
        return found

    def history(self) -> list[dict[str, Any]]:
        """The journal's transitions without what differs between sandboxes."""
        told: list[dict[str, Any]] = []
        after = 0
        while True:
            page = self.sim("GET", f"/journal?after={after}&kind=transition&limit=1000")
            told += [{k: v for k, v in each.items() if k not in {"seq", "sandbox"}} for each in page["entries"]]
            if not page["entries"]:
                return told
            after = page["next_after"]

    def everything(self) -> dict[str, Any]:
        """All that must be equal in two worlds with the same seed, clock and calls: the exported world and history."""
        document = self.sim("GET", "/snapshot")
        return {key: document[key] for key in ("seed", "counter", "clock", "world", "transitions")}
