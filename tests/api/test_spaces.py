"""Spaces: asked for, allocated, refused and taken away."""

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
