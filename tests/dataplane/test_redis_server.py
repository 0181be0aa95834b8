"""What is particular to real redis-servers: data that stays, and processes that don't."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kagemusha.dataplane.backend import BackendProblem
from kagemusha.dataplane.redis_backend import FAKE, redis_backend
from kagemusha.dataplane.redis_process import RedisProcess
from kagemusha.domain.doors import DataStore
from listener import listening

OF_ANOTHER = """
import asyncio, sys
from pathlib import Path
from redis_plane import STORE
from kagemusha.dataplane.redis_backend import redis_backend

class Client(asyncio.Protocol):
    def __init__(self):
        self.heard, self.has_set = b"", asyncio.Event()

    def data_received(self, data):
        self.heard += data
        if self.heard == b"+OK\\r\\n+OK\\r\\n":
            self.has_set.set()

async def main():
    backend, client = redis_backend(Path(sys.argv[1]), Path(sys.argv[2])), Client()
    transport = await backend.connect(STORE, lambda: client)
    transport.write(b"AUTH %s\\r\\nSET a 1\\r\\n" % STORE.password.encode())
    await client.has_set.wait()
    print(backend.servers()[0].pid, backend.servers()[0].socket, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def the_server(plane: Any) -> RedisProcess:
    """The one that runs."""
    (server,) = plane.backend.servers()
    return server


def folder_of(folder: Path, store: DataStore) -> Path:
    """Where the data of a store is."""
    return folder / "redis" / store.world / store.key


def test_nothing_runs_before_somebody_connects(servers: Any, tmp_path: Path) -> None:
    """agree() starts nothing and makes no folder; the first connection does."""
    assert not servers.backend.servers()
    assert not list(tmp_path.iterdir())
    with servers.client(servers.port()) as client:
        assert client.ping()
    assert the_server(servers).runs


def test_data_survives_a_restart(servers: Any, store: DataStore, tmp_path: Path) -> None:
    """What was written is there after a clean end and another start, with the password of then."""
    with servers.client(servers.port()) as client:
        client.set("a", "1")
    pid = the_server(servers).pid
    servers.listener.run(servers.backend.close())
    assert not runs(pid)
    again = redis_backend(None, tmp_path)
    try:
        with servers.client(servers.listener.port(again, store)) as client:
            assert client.get("a") == b"1"
    finally:
        servers.listener.run(again.close())


def test_a_server_that_died_is_started_again(servers: Any) -> None:
    """The next connection to a server that was killed finds it again, with its data."""
    port = servers.port()
    with servers.client(port) as client:
        client.set("a", "1")
    killed = the_server(servers)
    os.kill(killed.pid, signal.SIGKILL)
    servers.listener.run(ended(killed))
    with servers.client(port) as client:
        assert client.get("a") == b"1"
    assert the_server(servers).pid != killed.pid


async def ended(server: RedisProcess) -> None:
    """Wait until it has."""
    await server._process.wait()


def test_a_server_that_does_not_listen_is_ended(
    servers: Any, changed: Callable[..., DataStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is stopped while the password changes is ended: the old password is refused all the same."""
    port = servers.port()
    with servers.client(port) as client:
        client.set("a", "1")
    monkeypatch.setattr("kagemusha.dataplane.redis_process.ANSWERS_IN", 0.2)
    os.kill(the_server(servers).pid, signal.SIGSTOP)
    servers.agree(changed(password="new"))
    assert not servers.backend.servers()
    with servers.client(port, password="new") as client:
        assert client.get("a") == b"1"


def test_what_goes_is_deleted(
    servers: Any, store: DataStore, changed: Callable[..., DataStore], tmp_path: Path
) -> None:
    """A dropped store's folder goes, the other's stays; those of worlds that nobody keeps go unasked."""
    other = changed(key="aaaaaaaaaaaaaaaa")
    servers.agree(store, other)
    for each in (store, other):
        with servers.client(servers.port(each)) as client:
            client.set("a", "1")
    servers.agree(other)
    assert not folder_of(tmp_path, store).exists()
    assert folder_of(tmp_path, other).is_dir()
    (tmp_path / "redis" / "of-a-world-long-gone").mkdir()
    servers.listener.run(servers.backend.keep([store.world]))
    assert [each.name for each in (tmp_path / "redis").iterdir()] == [store.world]


def test_what_an_earlier_process_left_is_deleted(servers: Any, store: DataStore, tmp_path: Path) -> None:
    """The first agree() of a world deletes the data of stores that went while nobody looked."""
    left = tmp_path / "redis" / "another" / "gone"
    left.mkdir(parents=True)
    kept = left.parent / store.key
    kept.mkdir()
    servers.agree(store, world="another")
    assert [each.name for each in left.parent.iterdir()] == [store.key]


def test_others_see_neither_passwords_nor_data(servers: Any, store: DataStore, tmp_path: Path) -> None:
    """The process's arguments and the files tell no password, and all are for their owner alone."""
    with servers.client(servers.port()) as client:
        client.set("a", "1")
        assert store.password not in str(client.client_list())
    server = the_server(servers)
    assert store.password not in Path(f"/proc/{server.pid}/cmdline").read_text()
    runtime = server.socket.parent
    assert runtime.stat().st_mode & 0o777 == 0o700
    assert folder_of(tmp_path, store).stat().st_mode & 0o777 == 0o700
    assert all(store.password not in each.read_text() for each in runtime.glob("*.conf"))


def test_sockets_have_short_paths(servers: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A temporary folder with a long path does not stop it."""
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with servers.client(servers.port()) as client:
        assert client.ping()
    assert not list(deep.iterdir())


@pytest.mark.parametrize("name", ["a folder with spaces", 'quo"tes and back\\slashes'])
def test_any_folder_will_do(store: DataStore, servers: Any, tmp_path: Path, name: str) -> None:
    """Spaces, quotes and backslashes in the folder's name are taken as they are."""
    backend = redis_backend(None, tmp_path / name)
    try:
        with servers.client(servers.listener.port(backend, store)) as client:
            assert client.set("a", "1")
        assert (folder_of(tmp_path / name, store) / "appendonlydir").is_dir()
    finally:
        servers.listener.run(backend.close())


def test_a_killed_process_leaves_no_server_behind(servers: Any, tmp_path: Path) -> None:
    """SIGKILL takes the servers along, and their sockets; the data is there for who comes next."""
    command = [sys.executable, "-c", OF_ANOTHER, "redis-server", tmp_path]
    path = os.pathsep.join(sys.path)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}) as process:
        try:
            pid, _, path = process.stdout.readline().strip().partition(" ")
            assert pid, "the other process did not come so far"
        finally:
            process.kill()
    port = servers.port()  # the lock on the data is had as soon as the other server is gone
    with servers.client(port) as client:
        assert client.get("a") == b"1"
    assert not runs(int(pid))
    assert not Path(path).exists()


def test_data_is_for_one_process(
    servers: Any, store: DataStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second kagemusha on the same data is refused: two servers would ruin it."""
    with servers.client(servers.port()) as client:
        client.ping()
    monkeypatch.setattr("kagemusha.dataplane.redis_process.ANSWERS_IN", 0.1)
    second = redis_backend(None, tmp_path)
    try:
        with pytest.raises(BackendProblem, match="Another kagemusha has the data"):
            servers.listener.run(second.connect(store, lambda: None))
    finally:
        servers.listener.run(second.close())


def test_a_server_that_can_not_be_started_is_told(store: DataStore, servers: Any, tmp_path: Path) -> None:
    """What isn't redis-server ends at once, and the problem has its last words."""
    wrong = tmp_path / "wrong"
    wrong.write_text("#!/bin/sh\necho I am no Redis >&2\n")
    wrong.chmod(0o755)
    backend = redis_backend(wrong, tmp_path)
    try:
        with pytest.raises(BackendProblem, match=r"wrong ended \(I am no Redis\)"):
            servers.listener.run(backend.connect(store, lambda: None))
    finally:
        servers.listener.run(backend.close())


def test_the_backend_is_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that can't be started is a problem; without one the PATH's is taken, else fakeredis, which can be had."""
    with pytest.raises(BackendProblem, match="--redis-server /nowhere can't be started"):
        redis_backend(Path("/nowhere"), tmp_path)
    assert type(redis_backend(None, tmp_path)).__name__ == "RedisServers"
    assert type(redis_backend(FAKE, tmp_path)).__name__ == "FakeRedis"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert type(redis_backend(None, tmp_path)).__name__ == "FakeRedis"


@pytest.mark.parametrize("executable", [None, FAKE])
def test_any_loop_will_do(store: DataStore, executable: Path | None, servers: Any, tmp_path: Path) -> None:
    """The loop of asyncio does as well as uvloop."""
    backend = redis_backend(executable, tmp_path)
    with listening("asyncio") as listener:
        try:
            with servers.client(listener.port(backend, store)) as client:
                assert client.set("a", "1")
                assert client.blpop("none", timeout=0.01) is None
        finally:
            listener.run(backend.close())


def runs(pid: int) -> bool:
    """Whether there is such a process, which is no corpse."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
