"""Lists: Range, 206 and Next-Range, as real clients send and follow them."""

import pytest
from driver import World
from fastapi.testclient import TestClient


def fleet(client: TestClient, size: int = 7) -> tuple[World, list[str]]:
    """A world with some apps, and their ids in order."""
    world = World.make(client)
    return world, sorted(world.post("/apps", {"name": f"app-{number}"})["id"] for number in range(size))


@pytest.mark.parametrize("order", ["", ",order=desc"])
@pytest.mark.parametrize("field", ["id", "name"])
def test_following_next_range_shows_each_thing_once(client: TestClient, field: str, order: str) -> None:
    """By either field and in either direction, until there is no Next-Range."""
    world, _ = fleet(client)
    seen: list[str] = []
    wanted = f"{field} ..; max=3{order}"
    while wanted:
        answer = world.send("GET", "/apps", range=wanted)
        seen += [app[field] for app in answer.json()]
        wanted = answer.headers.get("next-range", "")
        assert answer.status_code == (206 if wanted else 200)
        assert answer.headers["accept-ranges"] == "id, name"
    assert len(seen) == 7
    assert seen == sorted(set(seen), reverse=bool(order))


@pytest.mark.parametrize("wanted", ["", " ", "id ..; ;", "id ..; max=1000", "id..", "bytes=0-10", ";", "..", "id", "☃"])
def test_odd_ranges_show_the_first_page(lone_client: TestClient, wanted: str) -> None:
    """What real clients send, and what nobody should, is answered with the list as it is."""
    world, ids = fleet(lone_client)
    headers = {**world.headers, "Range": wanted.encode()}
    answer = lone_client.get("/apps", headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert [app["id"] for app in answer.json()] == ids
    assert "next-range" not in answer.headers


@pytest.mark.parametrize(
    "wanted", ["version ..; max=1, order=desc", "version ..; order=desc,max=1", "version ..;order=desc , max = 1"]
)
def test_the_newest_release_is_asked_for_in_several_ways(lone_client: TestClient, wanted: str) -> None:
    """The options come in any order and spacing."""
    world = World.make(lone_client)
    world.post("/apps", {"name": "ferry"})
    answer = world.send("GET", "/apps/ferry/releases", range=wanted)
    assert answer.status_code == 206
    assert [release["version"] for release in answer.json()] == [2]
    assert answer.headers["content-range"] == "version 2..2; max=1,order=desc"
    assert answer.headers["next-range"] == "version ]2..; max=1,order=desc"


def test_bounds_are_inclusive_unless_they_begin_with_a_bracket(client: TestClient) -> None:
    """``a..b`` holds both ends, ``]a..`` not the first."""
    world, ids = fleet(client)
    shown = world.get("/apps", range=f"id {ids[1]}..{ids[3]}")
    assert [app["id"] for app in shown] == ids[1:4]
    shown = world.get("/apps", range=f"id ]{ids[1]}..{ids[3]}; max=10")
    assert [app["id"] for app in shown] == ids[2:4]
    cut = world.send("GET", "/apps", range=f"id {ids[1]}..{ids[5]}; max=2")
    assert cut.headers["next-range"] == f"id ]{ids[2]}..{ids[5]}; max=2"
    descending = world.get("/apps", range=f"id ]{ids[5]}..{ids[2]}; order=desc")
    assert [app["id"] for app in descending] == [ids[4], ids[3], ids[2]]


def test_an_empty_stretch_has_no_content_range(lone_client: TestClient) -> None:
    """A list without rows is a 200 and an empty array."""
    world, _ = fleet(lone_client, 1)
    answer = world.send("GET", "/apps", range="name zzz..")
    assert (answer.status_code, answer.json()) == (200, [])
    assert "content-range" not in answer.headers


def test_a_page_has_200_things_unless_told_and_1000_at_most(lone_client: TestClient) -> None:
    """A larger max is cut to 1000, and 0 to 1."""
    world = World.make(lone_client)
    world.post("/apps", {"name": "ferry"})
    for number in range(201):
        world.call("PATCH", "/apps/ferry/config-vars", {"A": str(number)})
    answer = world.send("GET", "/apps/ferry/releases")
    assert (answer.status_code, len(answer.json())) == (206, 200)
    assert answer.headers["next-range"] == "version ]200..; max=200"
    most = world.send("GET", "/apps/ferry/releases", range="version ..; max=5000")
    assert (most.status_code, len(most.json())) == (200, 203)
    assert most.headers["content-range"] == "version 1..203; max=1000"
    assert len(world.get("/apps/ferry/releases", range="version ..; max=0")) == 1


def test_a_range_bomb_is_read_in_no_time(lone_client: TestClient) -> None:
    """A header of many spaces takes no quadratic time."""
    world, ids = fleet(lone_client, 1)
    answer = world.send("GET", "/apps", range="id" + " " * 60_000 + "x")
    assert [app["id"] for app in answer.json()] == ids
    assert answer.elapsed.total_seconds() < 1


def test_a_range_on_any_method_is_taken(lone_client: TestClient) -> None:
    """One client sends the header with every request."""
    world = World.make(lone_client)
    wanted = "id ..; max=1000"
    assert world.call("POST", "/apps", {"name": "ferry"}, range=wanted)["name"] == "ferry"
    assert world.call("PATCH", "/apps/ferry/config-vars", {"A": "b"}, range=wanted) == {"A": "b"}
    assert world.call("DELETE", "/apps/ferry", range=wanted)["name"] == "ferry"
