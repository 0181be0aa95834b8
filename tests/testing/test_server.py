"""A server that tests start: where it answers, what it keeps, and that it never outlives who started it."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from commands import eventually, processes
from kagemusha.testing import Sandbox, Server, ServerProblem


def test_a_file_keeps_the_world(tmp_path: Path) -> None:
    """Stopped or killed, and started again, a server is where it was, and so is its world."""
    database = tmp_path / "world.db"
    with Server(database) as server:
        url = server.url
        sandbox = Sandbox.create(url, name="lasting")
        for end in (server.stop, server.kill):
            end()
            with pytest.raises(httpx.ConnectError):
                sandbox.clock()
            server.start()
            assert server.url == url
            assert sandbox.clock()["now"] == "2030-01-01T00:00:00.000Z"
        sandbox.delete()
    assert database.exists()


def test_what_has_happened_is_not_done_again() -> None:
    """Starting what runs and ending what doesn't change nothing."""
    server = Server()
    server.stop()
    server.kill()
    with server:
        url = server.url
        server.start()
        assert server.url == url
        assert httpx.get(f"{url}/_sim/health").json()["status"] == "ok"
    server.stop()


def test_a_server_that_can_not_start_says_why(tmp_path: Path) -> None:
    """The problem is the server's own line."""
    server = Server(tmp_path)
    with pytest.raises(ServerProblem, match=r"kagemusha could not be started: Can't use the database file .*") as said:
        server.start()
    assert "\n" not in str(said.value)
    server.stop()


def test_an_interpreter_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps a process from beginning is a problem like any other."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ServerProblem, match=r"could not be started: .*/nowhere/python"):
        Server().start()


def test_surroundings_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither variables for another server nor files that are named like modules reach the server."""
    monkeypatch.setenv("KAGEMUSHA_DATABASE", "postgresql://nowhere")
    monkeypatch.setenv("KAGEMUSHA_AUTH", "strict")
    (tmp_path / "uvicorn.py").write_text("raise SystemExit('not this one')")
    monkeypatch.chdir(tmp_path)
    with Server() as server:
        headers = {"Authorization": "Bearer any", "Accept": "application/vnd.heroku+json; version=3"}
        assert httpx.get(f"{server.url}/apps", headers=headers).json() == []


def test_complaints_are_kept(tmp_path: Path) -> None:
    """What a server wrote to its standard error can be read while it runs, and afterwards."""
    with Server(tmp_path / "world.db") as server:
        assert server.complaints == ""
        with Sandbox.create(server.url) as sandbox:
            sandbox.boto3_session().client("ec2").describe_vpcs()
        assert "does not survive a restart" in server.complaints
    assert server.complaints.count("does not survive a restart") == 1


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_server_ends_with_who_started_it(end: signal.Signals) -> None:
    """Whatever the starter dies of, and however suddenly, its server is gone soon after."""
    program = f"""
import os
from kagemusha.testing import Server
server = Server()
server.start()
print(server.url, server._running._process.pid, flush=True)
os.kill(os.getpid(), {int(end)})
"""
    started = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, timeout=60)
    assert started.returncode == -end
    url, group = started.stdout.split()
    eventually(lambda: not processes(int(group)))
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
