"""heroku-client, the npm client, unmodified, in a process of its own."""

import json
import os
import subprocess
from pathlib import Path

from driver import World
from live import Server

SCRIPT = Path(__file__).parent / "node" / "heroku-client.cjs"


def test_its_calls_do_what_they_say(server: Server, world: World) -> None:
    """It sends its Range on every method, follows Next-Range, and shows a refusal's status and body."""
    for number in range(1_001):
        world.post("/apps", {"name": f"app-{number}"})
    environment = {"PATH": os.environ["PATH"], "HEROKU_URL": server.url, "HEROKU_API_KEY": world.key}
    done = subprocess.run(["node", str(SCRIPT)], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["account"], said["app"], said["gone"]) == ("cli@kagemusha.example", "tern", "tern")
    assert said["config"] == said["config_of_release"] == {"A": "1", "B": "2"}
    assert (said["addon"]["name"], said["addon"]["plan"]["name"]) == ("redis-mine", "heroku-redis:premium-0")
    assert (said["renamed"]["id"], said["renamed"]["name"]) == (said["addon"]["id"], "redis-ours")
    assert [each["buildpack"]["name"] for each in said["buildpacks"]] == ["heroku/ruby"]
    assert sorted(said["releases"]) == [1, 2, 3, 4]
    assert said["apps"] == 1_002
    assert (said["missing"]["status"], said["missing"]["body"]["id"]) == (404, "not_found")
    assert (said["taken"]["status"], said["taken"]["body"]["id"]) == (422, "invalid_params")
    assert said["left"]["status"] == 404
