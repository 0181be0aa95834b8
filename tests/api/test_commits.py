"""When what was done is committed: before it is told, and only if it is told as done."""

import sqlite3
from contextlib import closing
from pathlib import Path

from driver import World
from fastapi.testclient import TestClient
from kagemusha.main import create_app
from kagemusha.settings import Settings
from starlette.types import ASGIApp, Message, Receive, Scope, Send


def count(file: Path) -> int:
    """How many apps another process sees."""
    with closing(sqlite3.connect(file)) as connection:
        found: int = connection.execute("SELECT count(*) FROM apps").fetchone()[0]
    return found


def test_a_success_is_committed_before_it_is_sent(tmp_path: Path) -> None:
    """When the first byte of an answer is on its way, another process sees what it tells."""
    file = tmp_path / "world.db"
    seen: list[tuple[int, int]] = []

    def watched(app: ASGIApp) -> ASGIApp:
        async def watching(scope: Scope, receive: Receive, send: Send) -> None:
            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    seen.append((message["status"], count(file)))
                await send(message)

            await app(scope, receive, sending)

        return watching

    app = create_app(Settings(database=f"sqlite:///{file}"))
    app.add_middleware(watched)
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        world = World.make(client)
        seen.clear()
        world.post("/apps", {"name": "ferry"})
        world.refusal("POST", "/apps", {"name": "ferry"})
        world.call("DELETE", "/apps/ferry")
    assert seen == [(201, 1), (422, 1), (200, 0)]
