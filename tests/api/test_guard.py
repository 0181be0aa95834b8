"""Who may call the control API of a server that only this machine can reach."""

import pytest
from fastapi.testclient import TestClient


@pytest.mark.parametrize("host", ["localhost:8765", "127.0.0.1:8765", "127.0.0.2", "[::1]:8765"])
def test_names_of_this_machine_are_answered(lone_client: TestClient, host: str) -> None:
    """A Host, or an Origin, of loopback is answered, and `env` names it."""
    headers = {"Host": host, "Origin": f"http://{host}"}
    assert lone_client.get("/_sim/sandboxes/default", headers=headers).status_code == 200
