"""The gateway of the data plane, beside stunnel: each speaks TLS before a redis-server of its own.

Both listen on loopback, reach their redis-server by a socket in the file system, and agree with clients on one version
and cipher of TLS. Debian's redis-benchmark asks; it trusts everybody.
"""

import csv
import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit
from urllib.request import urlopen

from trustme import CA

from bench import servers
from bench.load import Measured
from bench.report import GATEWAY, STUNNEL, Report
from bench.requests import Turns
from bench.worlds import fill

LOADS = tuple((connections, pipeline) for pipeline in (1, 16) for connections in (1, 16, 200))
_SIZE = 100
"""Bytes of the value that is read."""
_RATES = {1: 40_000, 16: 400_000}
"""How many reads redis-benchmark is told to do for each second that it is to take, by pipeline: it knows no time."""
_FEWEST = 200
"""Reads for each place in a pipeline: the first ones, which find a connection that is just made, are not p99."""
_REDIS = """\
port 0
unixsocket {folder}/redis.s
dir {folder}
appendonly yes
save ""
loglevel warning
requirepass {way.password}
"""
_STUNNEL = """\
foreground = yes
pid =
syslog = no
debug = 0
[redis]
accept = {way.host}:{way.port}
connect = {folder}/redis.s
cert = {certificate}
sslVersionMin = TLSv1.2
"""
_PATIENCE = 30.0
_LOOKS = 0.01


@dataclass(frozen=True)
class Way:
    """Where a redis-server answers on TLS."""

    host: str
    port: int
    password: str

    def agreed(self) -> tuple[str | None, str]:
        """TLS's version and cipher. Raises OSError while nobody is there, RuntimeError if it isn't Redis that is."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            closing(socket.create_connection((self.host, self.port), _PATIENCE)) as plain,
            context.wrap_socket(plain) as secret,
        ):
            secret.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            heard = b""
            while not heard.endswith(b"+PONG\r\n"):
                more = secret.recv(1_000)
                heard += more
                if not more or heard.startswith(b"-"):
                    raise RuntimeError(f"no Redis answers: {heard!r}")
            cipher = secret.cipher()
            return secret.version(), "" if cipher is None else cipher[0]

    def ask(self, kind: str, connections: int, pipeline: int, count: int) -> Measured:
        """Let redis-benchmark do `count` requests of a kind, get or set. Raises RuntimeError."""
        command = [
            "redis-benchmark", "--tls", "--insecure", "-h", self.host, "-p", f"{self.port}", "-a", self.password,
            "--csv", "-t", kind, "-d", f"{_SIZE}", "-c", f"{connections}", "-P", f"{pipeline}", "-n", f"{count}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        rows = list(csv.DictReader(done.stdout.splitlines()))
        if done.returncode or len(rows) != 1:
            raise RuntimeError(f"redis-benchmark failed:\n{done.stdout}{done.stderr}")
        rate, p50, p99 = (float(rows[0][name]) for name in ("rps", "p50_latency_ms", "p99_latency_ms"))
        return Measured(rate, p50, p99, count)


def measured(report: Report, folder: Path, turns: Turns) -> None:
    """Ask both turn by turn, so that what disturbs one disturbs both, and report it."""
    with gateway(folder) as ours, stunnel(folder) as theirs:
        if ours.agreed() != theirs.agreed():
            raise RuntimeError(f"what is compared must be alike: {ours.agreed()}, {theirs.agreed()}")
        for way in (ours, theirs):
            way.ask("set", 1, 1, 1)
            way.ask("get", 1, 16, _RATES[16] // 4)
        for connections, pipeline in LOADS:
            count = max(int(_RATES[pipeline] * turns.seconds), _FEWEST * connections * pipeline)
            taken: dict[str, list[Measured]] = {GATEWAY: [], STUNNEL: []}
            for _ in range(turns.rounds):
                for name, way in ((GATEWAY, ours), (STUNNEL, theirs)):
                    taken[name].append(way.ask("get", connections, pipeline, count))
            report.gateway(connections, pipeline, taken)


@contextmanager
def gateway(folder: Path) -> Iterator[Way]:
    """The endpoint of a Redis add-on, with the redis-server of the PATH behind it."""
    database = f"sqlite:///{folder}/gateway.db"
    key = fill(database, 1)
    with servers.kagemusha(database, key, "/account", "--data-plane", "--redis-server", "redis-server") as server:
        with urlopen(servers.get(server.port, "/_sim/sandboxes/bench-1/data-plane")) as answer:
            [door] = [each for each in json.load(answer)["doors"] if each["endpoint_id"]]
        with urlopen(servers.get(server.port, "/redis/v0/databases/redis-0", key)) as answer:
            own = urlsplit(json.load(answer)["resource_url"])
        yield Way(door["address"], door["listens_on"], own.password or "")


@contextmanager
def stunnel(folder: Path) -> Iterator[Way]:
    """A redis-server with stunnel before it, with a certificate of the kind that endpoints have."""
    way = Way("127.0.0.1", servers.free_port(), token_hex())
    certificate, redis, before = (folder / name for name in ("stunnel.pem", "redis.conf", "stunnel.conf"))
    certificate.write_bytes(CA().issue_cert(way.host).private_key_and_cert_chain_pem.bytes())
    redis.write_text(_REDIS.format(folder=folder, way=way))
    before.write_text(_STUNNEL.format(folder=folder, way=way, certificate=certificate))
    with _running("redis-server", redis), _running("stunnel", before):
        _await(way)
        yield way


@contextmanager
def _running(program: str, settings: Path) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    with subprocess.Popen([program, f"{settings}"], stdout=quiet, stderr=quiet) as process:
        try:
            yield
        finally:
            process.terminate()


def _await(way: Way) -> None:
    deadline = time.perf_counter() + _PATIENCE
    while time.perf_counter() < deadline:
        with suppress(OSError, RuntimeError):
            way.agreed()
            return
        time.sleep(_LOOKS)
    raise RuntimeError("no answer from stunnel and redis-server")
