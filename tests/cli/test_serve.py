"""`kagemusha serve`: ready when it answers, with one process or several, and gone when told."""

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from commands import Server, eventually, processes, serving
from kagemusha.cli.serve import NO_EMULATOR
from kagemusha.cli.workers import shares, supervise
from kagemusha.problems import StartProblem
from kagemusha.settings import Settings
from kagemusha.store.engine import connect

ENDS: dict[str, Callable[[Server], object]] = {
    "SIGTERM": lambda server: server.process.terminate(),
    "Ctrl-C": lambda server: os.killpg(server.process.pid, signal.SIGINT),
}

AWS = ("--aws-upstream", "http://127.0.0.1:9")
"""What several workers would otherwise say they want."""


def names(server: Server) -> set[str]:
    """The sandboxes, asked for on a connection of its own."""
    return {each["name"] for each in httpx.get(f"{server.url}/_sim/sandboxes").json()}


def make(server: Server, **asked: object) -> dict[str, str]:
    """A sandbox, whose key opens it."""
    made = httpx.post(f"{server.url}/_sim/sandboxes", json=asked).json()
    return {"Authorization": f"Bearer {made['heroku_api_key']}", "Accept": "application/vnd.heroku+json; version=3"}


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("end", ENDS)
def test_it_is_ready_when_it_answers_and_ends_when_told(tmp_path: Path, workers: str, end: str) -> None:
    """The ready line and file lead to an answer; SIGTERM and Ctrl-C end all in 2 s, leaving nothing.

    Of what it can't do, only the emulator that several processes can't share is worth a word.
    """
    said = "" if workers == "1" else f"{NO_EMULATOR}\n"
    ready, temporary = tmp_path / "ready", tmp_path / "temporary"
    temporary.mkdir()
    ready.write_text("of an earlier run")
    arguments = ("--ephemeral", "--workers", workers, "--ready-file", str(ready))
    with serving(*arguments, TMPDIR=str(temporary)) as server:
        assert json.loads(ready.read_text()) == {
            "url": server.url, "port": int(server.url.rsplit(":", 1)[1]), "pid": server.process.pid
        }  # fmt: skip
        assert names(server) == {"default"}
        assert server.ends(lambda: ENDS[end](server)) == (0, said)
    assert list(temporary.iterdir()) == []
    assert [each.name for each in tmp_path.iterdir() if each != temporary] == ["ready"]


@pytest.mark.parametrize("more", [(), ("--data-plane",)], ids=["alone", "with a data plane"])
def test_one_thread_takes_signals(more: tuple[str, ...]) -> None:
    """SIGTERM is never taken by a thread in which it would be lost: all but the one that waits for it block it."""
    with serving("--ephemeral", *more) as server:
        assert names(server) == {"default"}
        told = [each.read_text() for each in Path(f"/proc/{server.process.pid}/task").glob("*/status")]
        blocked = [int(re.findall(r"SigBlk:\s+([0-9a-f]+)", each)[0], 16) for each in told]
        assert len([mask for mask in blocked if not mask >> (signal.SIGTERM - 1) & 1]) == 1
        assert server.ends(server.process.terminate) == (0, "")


@pytest.mark.parametrize("host", ["0.0.0.0", "0"])
def test_a_bind_to_every_address_names_one_that_can_be_used(host: str) -> None:
    """The ready line of a server on all addresses names the loopback one, at which it answers."""
    with serving("--ephemeral", "--host", host, KAGEMUSHA_ADMIN_TOKEN="hush") as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", server.url)
        answer = httpx.get(f"{server.url}/_sim/health", headers={"Authorization": "Bearer hush"}, trust_env=False)
        assert answer.json()["status"] == "ok"


def test_a_lock_that_is_not_had_holds_up_no_end(tmp_path: Path) -> None:
    """SIGTERM ends a server in 2 s and in silence even when a request waits for the database."""
    path = tmp_path / "world.db"
    with serving("--database", f"sqlite:///{path}") as server, contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            head = b"POST /_sim/sandboxes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            client.sendall(head + b"Content-Length: 2\r\n\r\n{}")
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"{server.url}/_sim/health", timeout=0.5)
            assert server.ends(server.process.terminate) == (0, "")


def test_who_waits_when_a_server_ends_is_hung_up_on() -> None:
    """A request that SIGTERM cuts short has no answer: nothing is wrong with the server, nor with the request."""
    with serving("--ephemeral") as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            client.sendall(b"GET /_sim/sandboxes/default/journal?after=9&wait=60 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert names(server) == {"default"}
            assert server.ends(server.process.terminate) == (0, "")
            assert client.recv(1_000) == b""


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "under way"])
def test_an_aws_call_holds_up_no_end(answered: bool) -> None:
    """SIGTERM ends a server in 2 s and in silence with the AWS emulator loaded, and while it is being loaded."""
    with serving("--ephemeral") as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            form = b"Action=DescribeVpcs&Version=2016-11-15"
            client.sendall(
                b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                b"Authorization: AWS4-HMAC-SHA256 Credential=x/20300101/us-east-1/ec2/aws4_request\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(form), form)
            )
            if answered:
                assert client.recv(1_000).startswith(b"HTTP/1.1 200")
            assert names(server) == {"default"}
            assert server.ends(server.process.terminate) == (0, "")


def test_workers_share_one_world_and_are_replaced(database: str) -> None:
    """Each worker sees what the other did; when both were killed in turn requests are answered and time still runs."""
    with serving("--database", database, "--workers", "2", *AWS) as server:
        credentials = make(server, name="shared", pace=10_000)
        assert all(names(server) == {"default", "shared"} for _ in range(20))
        for killed in sorted(first := server.workers):
            os.kill(killed, signal.SIGKILL)
            assert names(server) == {"default", "shared"}
            eventually(lambda gone=killed: gone not in server.workers and len(server.workers) == 2)
        assert server.workers.isdisjoint(first)
        space = {"name": "harbor", "team": "kagemusha", "region": "virginia"}
        assert httpx.post(f"{server.url}/spaces", json=space, headers=credentials, timeout=20).status_code == 201
        engine = connect(database)
        with engine.connect() as connection:

            def state() -> str:
                with connection.begin():
                    return str(connection.exec_driver_sql("SELECT state FROM spaces").scalar())

            eventually(lambda: state() == "allocated")
        engine.dispose()
        code, said = server.ends(server.process.terminate)
    assert code == 0
    assert said.count("\n") == said.count("Another takes its place.") == 2


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    """Workers of a process that was killed do not stay behind."""
    with serving("--ephemeral", "--workers", "2", TMPDIR=str(tmp_path)) as server:
        assert len(server.workers) == 2
        server.process.kill()
        eventually(lambda: not processes(server.process.pid))


def test_one_worker_lets_time_run() -> None:
    """Of all workers exactly one ticks, and none where time is not to run."""
    assert [each.ticks for each in shares(Settings(workers=3))] == [True, False, False]
    assert [each.ticks for each in shares(Settings(workers=2, ticks=False))] == [False, False]


def test_a_worker_that_cannot_start_is_one_line() -> None:
    """What keeps a worker from starting is told by the process that looks after it, which never becomes ready."""
    settings = Settings(database="sqlite:////dev/null/world/world.db", workers=2)
    ready: list[bool] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(StartProblem, match="/dev/null/world"):
        supervise(settings, listener, lambda: ready.append(True))
    assert ready == []
