"""Who may call the control API of a server that only this machine can reach."""

import pytest
from driver import World
from fastapi.testclient import TestClient


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1:8765", "127.0.0.2", "[::1]:8765"])
def test_names_of_this_machine_are_answered(lone_client: TestClient, host: str) -> None:
    """A Host, or an Origin, of loopback is answered, and `env` names it."""
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert lone_client.get("/_sim/sandboxes/default", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:99"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost@evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_web_page_of_another_can_do_nothing(lone_client: TestClient, headers: dict[str, str]) -> None:
    """A foreign Host or Origin is a 403 on every route of the control API, and changes nothing."""
    world = World.make(lone_client, None)
    world.post("/apps", {"name": "ferry"})
    answer = lone_client.post(f"/_sim/sandboxes/{world.name}/reset", headers=headers)
    assert (answer.status_code, answer.json()["id"]) == (403, "forbidden")
    assert "127.0.0.1" in answer.json()["message"]
    assert [app["name"] for app in world.get("/apps")] == ["ferry"]
