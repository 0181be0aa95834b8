"""The article, end to end, on a clock that the test moves."""

from fastapi.testclient import TestClient

ACCEPT = {"Accept": "application/vnd.heroku+json; version=3"}


def world(client: TestClient, name: str, **more: object) -> dict[str, str]:
    made = client.post(
        "/_sim/sandboxes",
        json={"name": name, "seed": 7, "clock": "manual", "now": "2030-01-01T00:00:00Z", **more},
    )
    assert made.status_code == 201, made.text
    return ACCEPT | {"Authorization": f"Bearer {made.json()['heroku_api_key']}"}


def advance(client: TestClient, name: str, **body: object) -> dict[str, object]:
    answer = client.post(f"/_sim/sandboxes/{name}/clock/advance", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def article(client: TestClient, name: str, slices: int = 1) -> tuple[list[object], dict[str, str], list[object]]:
    me = world(client, name)

    def move(seconds: int) -> None:
        for _ in range(slices):
            advance(client, name, seconds=seconds / slices)
            assert client.get("/addons", headers=me).status_code == 200

    def post(path: str, body: object) -> dict[str, object]:
        answer = client.post(path, json=body, headers=me)
        assert answer.status_code == 201, answer.text
        return answer.json()

    post("/spaces", {"name": "harbor", "team": "kagemusha", "region": "virginia"})
    move(600)
    post("/teams/apps", {"name": "ferry", "space": "harbor"})
    addon = post("/apps/ferry/addons", {"plan": {"name": "heroku-redis:private-7"}})["name"]
    move(600)
    link = f"/private-link/v0/databases/{addon}"
    assert post(link, {"allowed_accounts": ["123456789101"]})["service_name"] == ""
    advance(client, name, seconds=299)
    assert client.get(link, headers=me).json()["status"] == "Provisioning"
    move(302)
    shown = client.get(link, headers=me).json()
    assert shown["status"] == "Operational"
    endpoint = client.post(
        f"/_sim/sandboxes/{name}/endpoints",
        json={"service_name": shown["service_name"], "principal_arn": "123456789101:user/abc.xyz"},
    )
    assert endpoint.status_code == 201, endpoint.text
    advance(client, name, seconds=239)
    assert client.get(link, headers=me).json()["connections"][0]["status"] == "Pending Acceptance"
    move(362)
    assert client.get(link, headers=me).json()["connections"][0]["status"] == "Available"
    config = client.get("/apps/ferry/config-vars", headers=me).json()
    entries = client.get(f"/_sim/sandboxes/{name}/journal?limit=1000").json()["entries"]
    history = [{k: v for k, v in each.items() if k not in {"seq", "sandbox"}} for each in entries]
    releases = client.get("/apps/ferry/releases", headers=me).json()
    return history, config, [(r["id"], r["version"], r["description"], r["created_at"]) for r in releases]


def test_the_article_ends_with_the_config_var(client: TestClient) -> None:
    """A link, an account and an endpoint end in REDIS_ENDPOINT_<ID>_URL beside REDIS_URL."""
    _, config, releases = article(client, "one")
    assert sorted(config) == [name for name in sorted(config) if name.startswith("REDIS_")]
    assert len(config) == 2
    assert [r[2].split(" (")[0].split(" by ")[0] for r in releases][:3] == [
        "Initial release", "Enable Logplex", "Attach REDIS",
    ]
    assert releases[-1][2] == "Update REDIS by heroku-redis"


def test_slicing_time_changes_nothing(client: TestClient) -> None:
    """A world advanced in one jump and its twin advanced in slices, with looks in between, are the same."""
    assert article(client, "jump") == article(client, "slices", slices=50)


def test_sandboxes_do_not_see_each_other(client: TestClient) -> None:
    """One sandbox's app can't be found with another's key."""
    first, second = world(client, "first"), world(client, "second")
    assert client.post("/apps", json={"name": "mine"}, headers=first).status_code == 201
    assert client.get("/apps/mine", headers=second).status_code == 404
    assert client.get("/apps", headers=second).json() == []


def test_errors_have_herokus_shape(client: TestClient) -> None:
    """Missing credentials, a wrong Accept, an unknown path and another method answer in Heroku's shape."""
    assert client.get("/account").json()["id"] == "unauthorized"
    assert client.get("/account", headers={"Authorization": "Bearer x"}).status_code == 406
    assert client.get("/nothing").json()["id"] == "not_found"
    answer = client.put("/apps")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"
