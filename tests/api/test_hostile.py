"""What nobody should send: it is refused with a message, changes nothing, takes no id, and is never a 500."""

import copy
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bad_requests import BAD_REQUESTS, Bad
from driver import PRINCIPAL, World
from fastapi.testclient import TestClient
from furnished import Furnished
from kagemusha.api.dialect import MOST_MESSAGE, STATUSES
from kagemusha.domain import errors
from kagemusha.main import create_app
from kagemusha.settings import Settings
from pydantic import SecretStr

JSON = {"Content-Type": "application/json"}
ODD: list[Any] = [
    None, True, -1, 1.5, 10**400, "", "\0", "\ud800", "☃" * 50, "x" * 70_000, "'; DROP TABLE apps; --",
    [], ["x"], {}, {"name": None}, {"\ud800": "\0"}, {"name": "\0", "id": 7},
]  # fmt: skip


def writes(addon: str, service: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Every call with a body, in a form that is accepted."""
    link, redis = f"/private-link/v0/databases/{addon}", f"/redis/v0/databases/{addon}"
    return [
        ("POST", "/apps", {"name": "tern", "region": {"name": "eu"}, "stack": "heroku-24"}),
        ("POST", "/teams/apps", {"name": "tern", "team": "kagemusha", "space": "harbor", "region": "virginia",
                                 "stack": {"name": "heroku-24"}, "locked": True, "internal_routing": False}),
        ("POST", "/spaces", {"name": "haven", "team": "kagemusha", "region": "dublin", "shield": True,
                             "cidr": "10.0.0.0/16", "data_cidr": "10.1.0.0/16"}),
        ("PATCH", "/apps/ferry/config-vars", {"A": "b"}),
        ("PATCH", "/spaces/harbor", {"name": "harbor"}),
        ("PATCH", "/apps/ferry", {"name": "ferry", "build_stack": "heroku-22", "maintenance": True}),
        ("PATCH", "/teams/apps/ferry", {"locked": True, "owner": "kagemusha"}),
        ("PUT", "/apps/ferry/buildpack-installations", {"updates": [{"buildpack": "heroku/ruby"}]}),
        ("PATCH", f"/apps/ferry/addons/{addon}", {"plan": {"name": "heroku-redis:private-9"}, "name": addon}),
        ("PATCH", f"/addons/{addon}/config", {"config": [{"name": "A", "value": "b"}]}),
        ("POST", "/apps/ferry/addons", {"plan": {"name": "heroku-redis"}, "name": "cache", "confirm": "ferry",
                                        "attachment": {"name": "CACHE"}, "config": {"a": "b"}}),
        ("POST", "/addon-attachments", {"addon": {"name": addon}, "app": "ferry", "name": "OTHER",
                                       "namespace": "credential:a", "confirm": "ferry"}),
        ("POST", "/actions/addons/resolve", {"addon": addon, "app": "ferry", "addon_service": "heroku-redis"}),
        ("POST", "/actions/addon-attachments/resolve", {"addon_attachment": "REDIS", "app": "ferry"}),
        ("POST", link, {"allowed_accounts": [PRINCIPAL]}),
        ("PUT", f"{link}/allowed_accounts", {"allowed_accounts": [PRINCIPAL]}),
        ("PATCH", f"{link}/allowed_accounts", {"allowed_accounts": [PRINCIPAL]}),
        ("PATCH", f"{redis}/config", {"maxmemory_policy": "noeviction", "timeout": 5, "notify_keyspace_events": "K"}),
        ("PUT", f"{redis}/maintenance_window", {"description": "Tuesday 14:30"}),
        ("POST", f"{redis}/upgrade", {"version": "8.1"}),
        ("POST", "/_sim/sandboxes/one/endpoints", {"service_name": service, "principal_arn": PRINCIPAL, "vpc_id": "v",
                                                   "availability_zone_ids": ["use1-az1"], "security_group_ids": ["s"]}),
    ]  # fmt: skip


def spoiled(body: Any) -> Iterator[Any]:
    """The body with each of its parts, itself included, replaced by each odd value."""
    yield from ODD
    parts = body.items() if isinstance(body, dict) else enumerate(body)
    for key, part in parts:
        for odd in spoiled(part) if isinstance(part, dict | list) else ODD:
            worse = copy.copy(body)
            worse[key] = odd
            yield worse


@pytest.fixture(scope="module")
def furnished(shared_database: str) -> Iterator[Furnished]:
    """A furnished world, which no test changes."""
    app = create_app(Settings(database=shared_database))
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        yield Furnished(client)


@pytest.mark.parametrize("bad", BAD_REQUESTS, ids=str)
def test_a_bad_request_is_refused_and_changes_nothing(furnished: Furnished, bad: Bad) -> None:
    """It has its status and error id, in Heroku's shape, and both sandboxes are the same to the byte afterwards."""
    answer = furnished.send(bad)
    said = answer.json()
    before, furnished.told = furnished.told, furnished.look()
    assert (answer.status_code, said["id"]) == bad.answer, answer.text
    assert set(said) - {"resource"} == {"id", "message"}
    assert 0 < len(said["message"]) <= MOST_MESSAGE
    assert bad.says in answer.text
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.headers["request-id"]) == 36
    assert furnished.told == before


def test_every_kind_of_refusal_is_in_the_table() -> None:
    """Every error that a request can be to blame for has a row, and no two rows have a name in common."""
    others = {errors.RateLimited, errors.Unavailable}
    assert {bad.answer[0] for bad in BAD_REQUESTS} == {
        405, 413, *(status for error, status in STATUSES.items() if error not in others)
    }  # fmt: skip
    assert len({str(bad) for bad in BAD_REQUESTS}) == len(BAD_REQUESTS)


def test_every_part_of_every_body_may_be_odd(client: TestClient) -> None:
    """An answer is a success or a refusal with a message; what was refused left the world as it was."""
    world = World.make(client)
    addon = world.addon(world.app())
    service = world.link(addon)["service_name"]
    refused = 0
    before = world.everything()
    for method, path, body in writes(addon, service):
        for worse in spoiled(body):
            content = json.dumps(worse)
            answer = client.request(method, path, content=content, headers=world.headers | JSON)
            where = (method, path, content[:200], answer.status_code, answer.text[:300])
            if answer.is_success:
                before = world.everything()
                continue
            assert 400 <= answer.status_code < 500, where
            assert set(answer.json()) - {"resource"} == {"id", "message"}, where
            assert 0 < len(answer.json()["message"]) <= MOST_MESSAGE, where
            assert "function-" not in answer.json()["message"], where
            assert world.everything() == before, where
            refused += 1
    assert refused > 500


def test_the_last_of_equal_keys_counts(lone_client: TestClient) -> None:
    """As in every common reader of JSON."""
    world = World.make(lone_client)
    answer = lone_client.post("/apps", content=b'{"name": "ferry", "name": "tern"}', headers=world.headers | JSON)
    assert answer.json()["name"] == "tern"


def test_a_body_is_bounded_though_nobody_says_its_length(lone_client: TestClient) -> None:
    """Beyond a megabyte it is a 413 when it comes in pieces, too; up to that it is taken."""
    world = World.make(lone_client)
    before = world.everything()

    def pieces() -> Iterator[bytes]:
        yield b'{"name": "'
        for _ in range(64):
            yield b"x" * 65_536
        yield b'"}'

    answer = lone_client.post("/apps", content=pieces(), headers=world.headers | JSON)
    assert (answer.status_code, answer.json()["id"]) == (413, "content_too_large")
    assert "1048576" in answer.json()["message"]
    assert len(answer.headers["request-id"]) == 36
    assert world.everything() == before
    fits = b'{"x": "' + b"x" * 1_000_000 + b'"}'
    assert lone_client.post("/apps", content=fits, headers=world.headers | JSON).status_code == 201


@pytest.mark.parametrize("host", ["[::1", "]", "a b", '"$(id)"', "a/../b?c#d", ":::", "ÿ"])
def test_an_odd_host_is_no_concern(lone_client: TestClient, host: str) -> None:
    """Errors are shown whatever Host holds; the control API of loopback refuses it, that of another bind does not."""
    headers = {"Host": host.encode("latin-1"), "Authorization": "Bearer let-me-in"}
    for path, status in (("/nothing", 404), ("/_sim/sandboxes", 403), ("/_sim/sandboxes/default", 403)):
        assert lone_client.get(path, headers=headers).status_code == status  # type: ignore[arg-type]
    open_bind = Settings(ephemeral=True, host="0.0.0.0", admin_token=SecretStr("let-me-in"))
    with TestClient(create_app(open_bind)) as client:
        assert client.get("/_sim/sandboxes/default", headers=headers).status_code == 200  # type: ignore[arg-type]
    assert lone_client.put("/apps", headers=headers).status_code == 405  # type: ignore[arg-type]


def test_reads_race_a_delete(client: TestClient) -> None:
    """Each sees the whole app or none of it."""
    world = World.make(client)
    addon = world.addon(world.app())
    paths = ["/apps/ferry", "/apps/ferry/config-vars", f"/addons/{addon}", "/apps/ferry/addon-attachments", "/addons"]

    def call(number: int) -> int:
        if number == 10:
            return world.send("DELETE", "/apps/ferry").status_code
        return world.send("GET", paths[number % len(paths)]).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(40)))
    assert answers[10] == 200
    assert set(answers) <= {200, 404}
    assert world.get("/addons") == []
