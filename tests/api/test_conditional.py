"""ETags of the Platform API, and what they are conditions of."""

import asyncio
from types import SimpleNamespace

import pytest
from driver import World
from fastapi.testclient import TestClient
from kagemusha.api import troubles

LISTS = ("/apps", "/spaces", "/addons", "/addon-attachments", "/apps/ferry/releases", "/regions", "/teams")
THINGS = ("/apps/ferry", "/teams/apps/ferry", "/spaces/harbor", "/apps/ferry/config-vars", "/account")


@pytest.mark.parametrize("path", LISTS + THINGS)
def test_a_client_that_has_the_answer_gets_no_other(client: TestClient, path: str) -> None:
    """A GET has an ETag that stays while the answer does, and makes it a 304 without a body; HEAD has the same."""
    world = World.make(client)
    world.app()
    first = world.send("GET", path)
    tag = first.headers["etag"]
    assert world.send("GET", path).headers["etag"] == tag == world.send("HEAD", path).headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = world.send("GET", path, if_none_match=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert len(again.headers["request-id"]) == 36
    assert world.send("GET", path, if_none_match='"other"').json() == first.json()


def test_a_change_is_another_etag(client: TestClient) -> None:
    """What was known before a change is no longer what there is; neither is another page of a list."""
    world = World.make(client)
    world.app()
    before = world.send("GET", "/apps/ferry/config-vars").headers["etag"]
    world.call("PATCH", "/apps/ferry/config-vars", {"A": "b"})
    after = world.send("GET", "/apps/ferry/config-vars", if_none_match=before)
    assert (after.status_code, after.json()) == (200, {"A": "b"})
    whole = world.send("GET", "/apps/ferry/releases").headers["etag"]
    part = world.send("GET", "/apps/ferry/releases", range="version ..; max=1", if_none_match=whole)
    assert part.status_code == 206
    assert part.headers["etag"] != whole


def test_only_what_succeeds_is_tagged(client: TestClient) -> None:
    """Errors, changes and the other APIs have no ETag."""
    world = World.make(client)
    addon = world.addon(world.app())
    world.link(addon)
    answers = [
        world.send("GET", "/apps/none", if_none_match="*"),
        world.send("PATCH", "/apps/ferry/config-vars", {"A": "b"}, if_none_match="*"),
        world.send("GET", f"/private-link/v0/databases/{addon}", if_none_match="*"),
        world.ask_sim("GET", "/clock"),
    ]
    assert [answer.status_code for answer in answers] == [404, 200, 200, 200]
    assert all("etag" not in answer.headers for answer in answers)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/apps/ferry/config-vars", {"A": "b"}),
        ("PATCH", "/apps/ferry", {"maintenance": True}),
        ("PATCH", "/teams/apps/ferry", {"locked": True}),
        ("PUT", "/apps/ferry/buildpack-installations", {"updates": [{"buildpack": "heroku/ruby"}]}),
        ("PATCH", "/spaces/harbor", {"name": "haven"}),
        ("DELETE", "/apps/ferry", None),
    ],
)
def test_a_change_may_depend_on_what_was_seen(client: TestClient, method: str, path: str, body: object) -> None:
    """With another ETag than GET has now it is a 412 that names the new one, and changes nothing; else it is done."""
    world = World.make(client)
    world.app()
    tag = world.send("GET", path).headers["etag"]
    before = world.everything()
    refused = world.refusal(method, path, body, if_match='"other"')
    assert refused[:2] == (412, "precondition_failed")
    assert tag in refused[2]
    assert world.everything() == before
    assert world.send(method, path, body, if_match=f'"other", {tag}').status_code == 200
    assert world.everything() != before


def test_a_change_that_a_fault_lets_wait_depends_on_what_there_is_then(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two changes with one ETag the later one is a 412, also when it came first and a fault made it late."""
    world = World.make(client)
    world.app()
    path = "/apps/ferry/config-vars"
    tag = world.send("GET", path).headers["etag"]
    world.sim("POST", "/faults", {"operation": "config_var.update", "effect": {"latency": 1}, "times": 1})

    async def meanwhile(_: float) -> None:
        await asyncio.to_thread(world.call, "PATCH", path, {"A": "quick"}, if_match=tag)

    monkeypatch.setattr(troubles, "asyncio", SimpleNamespace(sleep=meanwhile))
    assert world.refusal("PATCH", path, {"A": "slow"}, if_match=tag)[:2] == (412, "precondition_failed")
    assert world.get(path) == {"A": "quick"}


def test_any_state_will_do_for_a_star(client: TestClient) -> None:
    """``If-Match: *`` asks only that the thing is there; a create has nothing to match."""
    world = World.make(client)
    world.app()
    assert world.call("PATCH", "/apps/ferry/config-vars", {"A": "b"}, if_match="*") == {"A": "b"}
    assert world.refusal("PATCH", "/apps/none/config-vars", {"A": "b"}, if_match="*")[0] == 404
    assert world.post("/apps", {"name": "tern"}, if_match='"other"')["name"] == "tern"
