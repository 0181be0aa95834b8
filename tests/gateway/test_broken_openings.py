"""A hundred thousand openings that are none: the gateway goes on, and nothing of them stays."""

import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from broken import Breaking, knock
from doorways import PATIENCE, Reach, place
from driver import World
from live import Server, serving
from redis import Redis

SEED = 6_379
ALL, WARM = 100_000, 25_000
AT_ONCE = 48
GROWS = 8_000
"""Kilobytes for what Python, SQLite and the C library have put aside for later; a hundred bytes that stay of each
opening are as much, and a connection is tens of thousands."""


def _resident(server: Server) -> int:
    """Kilobytes."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _descriptors(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_broken_openings_leave_nothing_behind(tmp_path: Path) -> None:
    """Afterwards both stores answer, the server holds as much memory and files as before, and it has logged nothing."""
    log = tmp_path / "log"
    database = f"sqlite:///{tmp_path}/world.db"
    with serving("--data-plane", "--database", database, log=log) as server, server.client() as client:
        world = World.make(client)
        reach = Reach(world)
        world.addon(plan="heroku-postgresql:private-0")
        redis, postgres = reach.config[reach.variable], reach.config["DATABASE_URL"]
        places = {"redis": reach.place, "postgres": place(postgres)}

        def answers() -> None:
            # The endpoint's URL does not say that it is TLS.
            secure = redis.replace("redis://", "rediss://", 1)
            with Redis.from_url(secure, ssl_cert_reqs="none", ssl_check_hostname=False) as store:
                assert store.ping()
            with psycopg.connect(postgres, sslmode="require") as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)

        answers()
        openings = iter(Breaking(SEED))
        knock(places, openings, WARM, AT_ONCE)
        reach.until_nobody_is_there()
        memory, descriptors = _resident(server), _descriptors(server)
        knock(places, openings, ALL - WARM, AT_ONCE)
        reach.until_nobody_is_there()
        _eventually(lambda: _descriptors(server) <= descriptors)
        told = world.sim("GET", "/data-plane")
        # Requests to cancel are told of nowhere, nor is who leaves with the handshake.
        assert told["connected"] + sum(told["refused"].values()) > 0.98 * ALL, told
        assert told["refused"].keys() == {"no_tls", "opening", "tls"}
        assert told["bytes_received"] > 10 * told["connected"] > 0.1 * ALL, told
        assert _resident(server) - memory < GROWS
        answers()
    assert log.read_text() == ""
