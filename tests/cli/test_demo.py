"""`kagemusha demo`: seen as it happens, ends with what the Redis answers, leaves nothing behind."""

import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from commands import KAGEMUSHA, PATIENCE, eventually, processes, serving

TOKEN = "a token of the test's"


COMMANDS = [
    "heroku spaces:create",
    "heroku spaces:wait",
    "heroku apps:create",
    "heroku addons:create",
    "aws sts get-caller-identity",
    "heroku data:privatelink:create",
    "heroku data:privatelink:wait",
    "heroku data:privatelink",
    "aws ec2 describe-vpcs",
    "aws ec2 create-security-group",
    "aws ec2 authorize-security-group-ingress",
    "aws ec2 describe-vpc-endpoint-services",
    "aws ec2 describe-subnets",
    "aws ec2 create-vpc-endpoint",
    "aws ec2 describe-vpc-endpoints",
    "heroku data:privatelink",
    "heroku config",
    "redis-cli --tls",
]
HIDDEN = """
import sys
sys.modules["boto3"] = None
sys.argv[0] = "kagemusha"
from kagemusha.__main__ import main
main()
"""
"""`kagemusha` on a machine without boto3."""


def commands(walk: str) -> list[str]:
    """The commands that were shown, without their arguments."""
    typed = [line.split()[1:] for line in walk.splitlines() if line.startswith("$ ")]
    return [" ".join(words[: 3 if words[0] == "aws" else 2]) for words in typed]


PONG = "PONG\n\nPostgres add-ons can be connected to likewise; Kafka's have URLs, but nothing listens there."
NOTHING = "\nNothing listens there: the server has no data plane (kagemusha serve --data-plane)."


def check_end(walk: str, host: str, end: str) -> None:
    """What the config var leads to comes last, and the steps that lead there were seen."""
    ended, _, said = walk.rstrip().rpartition(":6379\n")
    assert re.search(rf"\nREDIS_ENDPOINT_[0-9A-F]{{17}}_URL: redis://h:p[0-9a-f]{{64}}@{host}$", ended)
    assert said.endswith(end)
    for seen in ("allocating → allocated", "Provisioning → Operational", "pendingAcceptance → pending"):
        assert seen in walk


def test_the_demo_ends_with_pong(tmp_path: Path) -> None:
    """Each command is shown with its answer; the last one is followed by how to point a client, and that is all.

    Whatever AWS configuration the machine has is left alone.
    """
    machine = {
        "AWS_PROFILE": "nobody's",
        "AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:9",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    with subprocess.Popen(
        [*KAGEMUSHA, "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | machine | {"TMPDIR": str(tmp_path), "KAGEMUSHA_HOST": "0.0.0.0", "KAGEMUSHA_PORT": "1"},
    ) as process:
        said, complaints = process.communicate(timeout=3 * PATIENCE)
    assert (process.returncode, complaints) == (0, "")
    walk, _, pointers = said.partition("\nNow with a client of your own:\n")
    check_end(walk, r"127\.\d+\.\d+\.\d+", PONG)
    assert commands(walk) == COMMANDS
    assert '"State": "pendingAcceptance"\n}' in walk
    assert '"State": "available",\n    "DnsName": "vpce-' in walk
    assert '"FromPort": 6379' in walk
    assert "\x1b" not in said
    assert [line.split("#")[0].strip() for line in pointers.splitlines()] == [
        "kagemusha serve --data-plane",
        'eval "$(kagemusha env)"',
        "heroku spaces",
        "aws sts get-caller-identity",
    ]
    eventually(lambda: not processes(process.pid))
    assert list(tmp_path.iterdir()) == []


def test_without_boto3_the_control_api_makes_the_endpoint() -> None:
    """The demo needs nothing beside kagemusha itself: what AWS's client would do is then a call of the control API."""
    with serving("--ephemeral", "--pace", "600") as server:
        done = subprocess.run(
            [sys.executable, "-c", HIDDEN, "demo", "--url", server.url],
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE,
        )
    assert (done.returncode, done.stderr) == (0, "")
    walk = done.stdout.partition("\nNow with")[0]
    check_end(walk, r"vpce-\S+", NOTHING)
    [other] = [each for each in commands(walk) if not each.startswith("heroku")]
    assert re.fullmatch(rf"curl {re.escape(server.url)}/_sim/sandboxes/\S+/endpoints", other)


def test_a_server_without_an_emulator_ends_the_demo() -> None:
    """What AWS refuses is one line, with the server's own sentence."""
    with serving("--ephemeral", "--aws-upstream", "http://127.0.0.1:9") as server:
        done = subprocess.run(
            [*KAGEMUSHA, "demo", "--url", server.url],
            capture_output=True,
            text=True,
            timeout=3 * PATIENCE,
            env=os.environ | {"AWS_MAX_ATTEMPTS": "1"},
        )
    assert done.returncode == 1
    [complaint] = done.stderr.splitlines()
    assert "nothing listens at http://127.0.0.1:9" in complaint


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
