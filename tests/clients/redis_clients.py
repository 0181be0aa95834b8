"""Clients of Redis, unmodified. Each asks for a PING through a URL of a config var, and tells what came of it.

They are given a sandbox's authority to verify the server by, or verify nothing, as in the article.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from redis import ConnectionError as Lost
from redis import ConnectionPool, Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

PATIENCE = 30.0
"""Seconds that a client waits for what must come."""
IOREDIS = Path(__file__).parent / "node" / "ioredis.cjs"
# The article's last section; with an authority it verifies by that, and is otherwise the same.
RUBY = """
require "redis"
authority = ENV["CA"]
ssl_params = authority ? { ca_file: authority } : { verify_mode: OpenSSL::SSL::VERIFY_NONE }
begin
  redis = Redis.new(url: ENV.fetch("URL"), driver: :ruby, ssl_params: ssl_params)
  puts redis.ping
rescue Redis::BaseError => error
  puts error.message
end
"""
MEANINGS = {
    "Connection refused": "refused",
    "ECONNREFUSED": "refused",
    # After WRONGPASS, which redis-py leaves out.
    "invalid username-password pair or user is disabled.": "wrong password",
}
Answers = Callable[[str, Path | None], str]


def secured(url: str) -> str:
    """A URL whose scheme says that TLS is spoken, for clients that take it from there.

    Through an endpoint it is spoken although Heroku's URL says `redis`: with the real one this is to be done, too.
    """
    return f"rediss{url[url.index('://') :]}"


def ruby(url: str, authority: Path | None) -> str:
    """The article's, by Debian's ruby-redis."""
    return _said(["ruby", "-e", RUBY], secured(url), authority)


def redis_py(url: str, authority: Path | None) -> str:
    """Python's."""
    try:
        with closing(connected(url, authority)) as store:
            return "PONG" if store.ping() else "nothing"
    except RedisError as error:
        return str(error)


def ioredis(url: str, authority: Path | None) -> str:
    """Node's, which is told to speak TLS."""
    return _said(["node", str(IOREDIS)], url, authority)


def redis_cli(url: str, authority: Path | None) -> str:
    """Redis's own, which is told to speak TLS."""
    trust = ["--insecure"] if authority is None else ["--cacert", str(authority)]
    return _said(["redis-cli", "--tls", *trust, "--no-auth-warning", "-u", url, "ping"], url, authority)


CLIENTS: Mapping[str, Answers] = {"ruby": ruby, "redis-py": redis_py, "ioredis": ioredis, "redis-cli": redis_cli}


def answers(url: str, authority: Path | None = None) -> dict[str, str]:
    """What each client was told: ``PONG``, ``refused`` or ``wrong password``, else its own words."""
    return {name: _meaning(client(url, authority)) for name, client in CLIENTS.items()}


def everybody(answer: str) -> dict[str, str]:
    """What `answers` returns when all are told the same."""
    return dict.fromkeys(CLIENTS, answer)


def _meaning(said: str) -> str:
    return next((meaning for words, meaning in MEANINGS.items() if words in said), said)


def connected(url: str, authority: Path | None = None) -> Redis:
    """Python's client, which asks once, in vain or not."""
    return Redis(connection_pool=_pool(url, authority))


class Held:
    """A connection that waits for what never comes."""

    def __init__(self, connection: Any) -> None:
        """Wait."""
        self._connection = connection
        connection.send_command("BLPOP", "nothing", 0)

    def is_cut(self) -> bool:
        """Whether the connection ends; redis-py's TimeoutError if it doesn't."""
        try:
            self._connection.read_response()
        except Lost:
            return True
        return False


@contextmanager
def held(url: str) -> Iterator[Held]:
    """A connection that has logged in, and stays."""
    pool = _pool(url, None)
    connection = pool.get_connection()
    try:
        yield Held(connection)
    finally:
        connection.disconnect()
        pool.disconnect()


def _pool(url: str, authority: Path | None) -> ConnectionPool:
    trust = (
        {"ssl_cert_reqs": "none", "ssl_check_hostname": False}
        if authority is None
        else {"ssl_ca_certs": str(authority)}
    )
    once = Retry(NoBackoff(), 0)
    pool: ConnectionPool = ConnectionPool.from_url(secured(url), socket_timeout=PATIENCE, retry=once, **trust)
    return pool


def _said(command: list[str], url: str, authority: Path | None) -> str:
    """What a program printed, on one line."""
    assert shutil.which(command[0]), f"{command[0]} is not installed: run `make test`"
    environment = {"PATH": os.environ["PATH"], "URL": url} | ({"CA": str(authority)} if authority else {})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    return " ".join((done.stdout + done.stderr).split())
