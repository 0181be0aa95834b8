"""Config vars: every change makes a release, what changes nothing makes none."""

from driver import World
from fastapi.testclient import TestClient


def descriptions(world: World) -> list[str]:
    """What the app's releases say, but for the first two, which every app has."""
    return [release["description"] for release in world.get("/apps/ferry/releases")][2:]


def change(world: World, **variables: str | None) -> dict[str, str]:
    """Set or remove variables; returns all."""
    found: dict[str, str] = world.call("PATCH", "/apps/ferry/config-vars", variables)
    return found


def test_setting_and_removing_make_releases(client: TestClient) -> None:
    """The answer holds all variables; each change is one release that names what changed."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    assert change(world, B="two", A="one") == {"A": "one", "B": "two"}
    assert change(world, A=None, C="") == {"B": "two", "C": ""}
    assert change(world, B=None) == {"C": ""} == world.config()
    said = ["Set A, B config vars", "Set C config vars, Remove A config vars", "Remove B config vars"]
    assert descriptions(world) == said


def test_what_changes_nothing_makes_no_release(client: TestClient) -> None:
    """The same value again, the removal of what is not there, and nothing at all are answered and leave no trace."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    change(world, A="one")
    before = world.everything()
    assert change(world, A="one") == {"A": "one"}
    change(world, Z=None)
    change(world)
    assert world.everything() == before


def test_what_an_attachment_gives_is_its_own(client: TestClient) -> None:
    """Users can neither overwrite nor remove it; to repeat its value changes nothing."""
    world = World.make(client)
    world.app()
    world.addon()
    url = world.config()["REDIS_URL"]
    before = world.everything()
    for value in ("mine", None):
        status, _, message = world.refusal("PATCH", "/apps/ferry/config-vars", {"A": "one", "REDIS_URL": value})
        assert status == 422
        assert "REDIS_URL" in message
    change(world, REDIS_URL=url)
    assert world.everything() == before


def test_any_text_is_kept_as_it_is(client: TestClient) -> None:
    """Quotes, new lines, other alphabets and what looks like SQL come back unchanged."""
    world = World.make(client)
    world.post("/apps", {"name": "ferry"})
    text = "'; DROP TABLE apps; --\n\t\"\\ ☃ 影武者 \U0001f980"
    assert change(world, A=text) == {"A": text} == world.config()


def test_of_an_app_that_is_not_there(lone_client: TestClient) -> None:
    """Both calls are a 404 of the app."""
    world = World.make(lone_client)
    assert world.send("GET", "/apps/ferry/config-vars").json()["resource"] == "app"
    assert world.send("PATCH", "/apps/ferry/config-vars", {"A": "b"}).json()["resource"] == "app"
