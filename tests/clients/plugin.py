"""The requests of each `data:privatelink` command, as the CLI's PrivateLink plugin sends them.

The plugin is not published where packages come from, so its requests are written down here, version by version.
"""

import base64
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

PLATFORM = "application/vnd.heroku+json; version=3"
AGENT = "heroku-cli/11.10.0 linux"


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@dataclass
class Plugin:
    """One run of the CLI after another; `version` is ``2.0.1``, ``1.3.4`` or ``bearer`` for other clients."""

    url: str
    key: str
    version: str
    warnings: list[str] = field(default_factory=list)

    def create(self, database: str, app: str, *accounts: str) -> Any:
        """``data:privatelink:create DB -i ACCOUNT``."""
        return self._run(database, app, "POST", "", {"allowed_accounts": accounts}, 201)

    def show(self, database: str, app: str) -> Any:
        """``data:privatelink DB``, ``data:privatelink:wait DB`` (repeated) and ``data:privatelink:access DB``."""
        return self._run(database, app, "GET", "", None, 200)

    def add(self, database: str, app: str, *accounts: str) -> Any:
        """``data:privatelink:access:add DB -i ACCOUNT``."""
        return self._run(database, app, "PUT", "/allowed_accounts", {"allowed_accounts": accounts}, 202)

    def remove(self, database: str, app: str, *accounts: str) -> Any:
        """``data:privatelink:access:remove DB -i ACCOUNT``."""
        return self._run(database, app, "PATCH", "/allowed_accounts", {"allowed_accounts": accounts}, 202)

    def destroy(self, database: str, app: str) -> Any:
        """``data:privatelink:destroy DB``."""
        return self._run(database, app, "DELETE", "", None, 202)

    def _run(self, database: str, app: str, method: str, rest: str, body: object, status: int) -> Any:
        """One run: the add-on is resolved, then asked about at the data host."""
        ids = [str(uuid4())]
        with httpx.Client(base_url=self.url, trust_env=False, headers={"user-agent": AGENT}) as client:
            name = self._resolve(client, ids, database, app)
            headers = {"accept": PLATFORM, "authorization": self._data_authorization(), "request-id": ",".join(ids)}
            path = f"/private-link/v0/databases/{name}{rest}"
            content = {} if body is None else {"json": body}
            answer = client.request(method, path, headers=headers, **content)
        assert answer.status_code == status, answer.text
        self.warnings += answer.headers.get_list("X-Heroku-Warning")
        return answer.json()

    def _resolve(self, client: httpx.Client, ids: list[str], database: str, app: str) -> str:
        headers = {"accept": PLATFORM, "authorization": f"Bearer {self.key}", "request-id": ",".join(ids)}
        if self.version == "2.0.1":
            headers |= {"accept": f"{PLATFORM}.sdk", "accept-expansion": "addon_service,plan"}
        answer = client.post("/actions/addons/resolve", headers=headers, json={"addon": database, "app": app})
        assert answer.status_code == 200, answer.text
        # The CLI adds ids of its own and those that it was given.
        ids += [str(uuid4()), answer.headers["request-id"]]
        found = [addon for addon in answer.json() if addon["addon_service"]["name"].startswith("heroku-")]
        assert len(found) == 1
        name: str = found[0]["name"]
        return name

    def _data_authorization(self) -> str:
        match self.version:
            case "2.0.1":
                return _basic(":undefined")
            case "1.3.4":
                return _basic(f":{self.key}")
            case _:
                return f"Bearer {self.key}"
