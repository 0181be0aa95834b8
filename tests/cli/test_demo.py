"""`kagemusha demo`: seen as it happens, ends with the config var, leaves nothing behind."""

import os
import pty
import re
import signal
import subprocess
from pathlib import Path

import httpx
from commands import KAGEMUSHA, PATIENCE, eventually, processes, serving

TOKEN = "a token of the test's"


def test_the_demo_ends_with_the_config_var(tmp_path: Path) -> None:
    """Each command is shown with its answer; the config var is followed by how to point a client, and that is all."""
    with subprocess.Popen(
        [*KAGEMUSHA, "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(tmp_path), "KAGEMUSHA_HOST": "0.0.0.0", "KAGEMUSHA_PORT": "1"},
    ) as process:
        said, complaints = process.communicate(timeout=PATIENCE)
    assert (process.returncode, complaints) == (0, "")
    walk, _, pointers = said.partition("\nNow with a client of your own:\n")
    *steps, last = walk.splitlines()
    assert re.fullmatch(r"REDIS_ENDPOINT_[0-9A-F]{17}_URL: redis://h:p[0-9a-f]{64}@vpce-\S+:6379", last)
    assert [line.split()[1:3] for line in steps if line.startswith("$ heroku")] == [
        ["heroku", "spaces:create"],
        ["heroku", "spaces:wait"],
        ["heroku", "apps:create"],
        ["heroku", "addons:create"],
        ["heroku", "data:privatelink:create"],
        ["heroku", "data:privatelink:wait"],
        ["heroku", "data:privatelink"],
        ["heroku", "data:privatelink"],
        ["heroku", "config"],
    ]
    for seen in ("allocating → allocated", "Provisioning → Operational", "pendingAcceptance → pending"):
        assert seen in walk
    assert "\x1b" not in said
    assert [line.split("#")[0].strip() for line in pointers.splitlines()] == [
        "kagemusha serve",
        'eval "$(kagemusha env)"',
        "heroku spaces",
    ]
    eventually(lambda: not processes(process.pid))
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_demo_cleans_up() -> None:
    """On a terminal a line shows what is still to come; Ctrl-C ends it in silence and takes its sandbox away."""
    ours, theirs = pty.openpty()
    with serving("--ephemeral", "--host", "0.0.0.0", KAGEMUSHA_ADMIN_TOKEN=TOKEN) as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        with subprocess.Popen(
            [*KAGEMUSHA, "demo", "--url", url],
            stdout=theirs,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ | {"KAGEMUSHA_ADMIN_TOKEN": TOKEN},
        ) as process:
            os.close(theirs)
            shown = b""
            while b"[###" not in shown:
                shown += os.read(ours, 1000)
            os.killpg(process.pid, signal.SIGINT)
            _, complaints = process.communicate(timeout=PATIENCE)
        os.close(ours)
        assert (process.returncode, complaints) == (130, "")
        found = httpx.get(f"{url}/_sim/sandboxes", headers={"Authorization": f"Bearer {TOKEN}"}).json()
        assert [each["name"] for each in found] == ["default"]
    assert b"$ heroku spaces:create" in shown
    assert not processes(process.pid)


def test_an_interrupted_demo_ends_its_own_server(tmp_path: Path) -> None:
    """SIGTERM ends the demo and the server that it started."""
    with subprocess.Popen(
        [*KAGEMUSHA, "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        while "spaces:create" not in process.stdout.readline():
            assert process.poll() is None
        process.terminate()
        _, complaints = process.communicate(timeout=PATIENCE)
    assert complaints == ""
    assert process.returncode == 128 + signal.SIGTERM
    eventually(lambda: not processes(process.pid))
    assert list(tmp_path.iterdir()) == []
