"""Spaces: asked for, allocated, refused and taken away."""

import pytest
from driver import PROVISIONED, World
from fastapi.testclient import TestClient

TAKEN = (422, "invalid_params", "Name is already taken")


def space(world: World, name: str = "harbor", **more: object) -> dict[str, object]:
    """A space that was just asked for."""
    made: dict[str, object] = world.post("/spaces", {"name": name, "team": "kagemusha", **more})
    return made


def test_a_space_is_allocated_after_a_while(client: TestClient) -> None:
    """It is `allocating`, then `allocated`, and has outbound addresses from then on."""
    world = World.make(client)
    made = space(world, region="dublin")
    assert made["state"] == "allocating"
    assert made["region"]["name"] == "dublin"  # type: ignore[index]
    assert world.get("/spaces/harbor/nat")["state"] == "updating"
    world.advance(PROVISIONED)
    assert world.get(f"/spaces/{made['id']}")["state"] == "allocated"
    nat = world.get("/spaces/harbor/nat")
    assert nat["state"] == "enabled"
    assert len(nat["sources"]) == 4


@pytest.mark.parametrize("name", ["ab", "a" * 31, "-abc", "abc-", "a--b", "Abc", "a_b", "a.b", "äbc", "a b", "abc\n"])
def test_a_malformed_name_is_refused(lone_client: TestClient, name: str) -> None:
    """Names have 3 to 30 lowercase letters, digits and single dashes within."""
    world = World.make(lone_client)
    status, code, message = world.refusal("POST", "/spaces", {"name": name, "team": "kagemusha"})
    assert (status, code) == (422, "invalid_params")
    assert message.startswith("Name must")
    assert world.get("/spaces") == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"team": "nobody"}, (404, "not_found", "Couldn't find that team.")),
        ({"region": "atlantis"}, (404, "not_found", "Couldn't find that region.")),
        ({"region": ""}, (404, "not_found", "Couldn't find that region.")),
    ],
)
def test_what_is_not_there_is_named(
    lone_client: TestClient, more: dict[str, str], expected: tuple[int, str, str]
) -> None:
    """An unknown team or region is a 404 that says which."""
    world = World.make(lone_client)
    body = {"name": "harbor", "team": "kagemusha"} | more
    assert world.refusal("POST", "/spaces", body) == expected
    assert world.send("POST", "/spaces", body).json()["resource"] == next(iter(more))


@pytest.mark.parametrize(
    "more",
    [
        {"region": "us"},
        {"cidr": "10.0.0.0/8"},
        {"cidr": "11.0.0.0/16"},
        {"cidr": "10.300.0.0/16"},
        {"cidr": "10.0.0.0/016"},
        {"cidr": "10." + "a" * 200_000},
        {"data_cidr": "10.1.0.0/24"},
        {"data_cidr": "8.8.0.0/16"},
        {"data_cidr": "10.1.0.0/0016"},
        {"data_cidr": ""},
        {"shield": "yes"},
        {"shield": 1},
    ],
)
def test_what_a_space_can_not_be_is_refused(lone_client: TestClient, more: dict[str, object]) -> None:
    """A region of the Common Runtime, a network that is no private /16, and types that are not JSON's are 422."""
    world = World.make(lone_client)
    assert world.refusal("POST", "/spaces", {"name": "harbor", "team": "kagemusha", **more})[:2] == TAKEN[:2]
    assert world.get("/spaces") == []


def test_a_name_is_taken_once(client: TestClient) -> None:
    """A second space of the same name is refused until the first is gone."""
    world = World.make(client)
    space(world)
    assert world.refusal("POST", "/spaces", {"name": "harbor", "team": "kagemusha"}) == TAKEN
    world.call("DELETE", "/spaces/harbor")
    assert world.refusal("POST", "/spaces", {"name": "harbor", "team": "kagemusha"}) == TAKEN
    world.advance(PROVISIONED)
    space(world)


def test_a_space_is_deleted_when_no_app_lives_in_it(client: TestClient) -> None:
    """With apps it is a 422; without it is `deleting`, a second request is a 409, and then it is gone."""
    world = World.make(client)
    world.app()
    status, code, message = world.refusal("DELETE", "/spaces/harbor")
    assert (status, code) == (422, "invalid_params")
    assert "still has apps" in message
    world.call("DELETE", "/apps/ferry")
    assert world.call("DELETE", "/spaces/harbor")["state"] == "deleting"
    assert world.refusal("DELETE", "/spaces/harbor")[:2] == (409, "conflict")
    assert world.refusal("POST", "/teams/apps", {"space": "harbor"})[:2] == (422, "invalid_params")
    world.advance(PROVISIONED)
    assert world.refusal("GET", "/spaces/harbor") == (404, "not_found", "Couldn't find that space.")


def test_names_and_ids_are_one(client: TestClient) -> None:
    """Team, region and space are found by either, and a whole region is shown when asked for."""
    world = World.make(client)
    team = world.get("/teams/kagemusha")["id"]
    region = world.get("/regions/tokyo")["id"]
    made = world.post("/spaces", {"name": "harbor", "team": team, "region": {"id": region}, "shield": True})
    assert made["shield"] is True
    assert world.get(f"/spaces/{made['id']}")["region"] == {"id": region, "name": "tokyo"}
    assert world.get("/spaces/harbor", accept_expansion="region")["region"] == world.get("/regions/tokyo")
