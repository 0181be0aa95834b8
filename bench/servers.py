"""Servers in processes of their own: the service, and what it is held against."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

_PATIENCE = 60.0
_LOOKS = 0.002
"""Seconds between two tries to get a first answer."""


@dataclass(frozen=True)
class Server:
    """A running server; `cold` are the seconds from its start to its first answer."""

    port: int
    pid: int
    cold: float

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def memory(self) -> float:
        """Resident megabytes."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


_PRISM = Path(__file__).parents[1] / "tests" / "clients" / "node" / "node_modules" / ".bin" / "prism"
_OPENAPI = Path(__file__).parents[1] / "openapi" / "heroku-data.json"


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@contextmanager
def _running(command: Sequence[str], request: Request) -> Iterator[Server]:
    # With bytecode that is kept, as what pip installs has.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    quiet = subprocess.DEVNULL
    port = urlsplit(request.full_url).port or 0
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, env=environment) as process:
        try:
            _await(process, request)
            yield Server(port, process.pid, time.perf_counter() - began)
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(process: subprocess.Popen[bytes], request: Request) -> None:
    deadline = time.perf_counter() + _PATIENCE
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            with urlopen(request, timeout=_PATIENCE):
                return
        except (URLError, ConnectionError):
            time.sleep(_LOOKS)
    message = f"no answer from {process.args!r}"
    raise RuntimeError(message)


AWS_HEADERS = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20300101/us-east-1/ec2/aws4_request, "
    "SignedHeaders=host, Signature=0",
    "Content-Type": "application/x-www-form-urlencoded",
}


def kagemusha(database: str, key: str = "anyone", path: str = "/account", *more: str) -> AbstractContextManager[Server]:
    """The service over a database, none for --ephemeral; it is there when it answers GET of `path` with a success.

    `more` of its options may be given.
    """
    port = free_port()
    kept = ["--database", database] if database else ["--ephemeral"]
    command = [sys.executable, "-m", "kagemusha", "serve", "--port", str(port), *kept, *more]
    return _running(command, get(port, path, key))


def bare() -> AbstractContextManager[Server]:
    """FastAPI that answers JSON."""
    port = free_port()
    return _running([sys.executable, "-m", "bench.bare", str(port)], get(port, "/databases/any"))


def moto() -> AbstractContextManager[Server]:
    """Moto's server; it is there when EC2 answers."""
    port = free_port()
    code = f"from moto.server import main; main(['-p', '{port}'])"
    asked = b"Action=DescribeVpcEndpoints&Version=2016-11-15"
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    return _running([sys.executable, "-c", code], Request(f"http://127.0.0.1:{port}/", asked, AWS_HEADERS))


def prism() -> AbstractContextManager[Server]:
    """Prism's mock server of our own OpenAPI document: it keeps nothing, and here it logs nothing."""
    port = free_port()
    command = [str(_PRISM), "mock", "--verboseLevel", "silent", "--port", str(port), str(_OPENAPI)]
    return _running(command, get(port, "/private-link/v0/databases/any"))


def get(port: int, path: str, key: str = "anyone") -> Request:
    """A request of a Heroku client."""
    accepts = "application/vnd.heroku+json; version=3, application/json"
    return Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {key}", "Accept": accepts})
