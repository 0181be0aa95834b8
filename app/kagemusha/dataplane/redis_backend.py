"""Which Redis is behind the doors: redis-servers where there is one to start, else fakeredis."""

import shutil
from pathlib import Path
from typing import Final

from kagemusha.dataplane.backend import Backend, BackendProblem

FAKE: Final = Path("fakeredis")
"""The `executable` that stands for none."""


def redis_backend(executable: Path | None, folder: Path) -> Backend:
    """The backend that starts `executable`, by default the redis-server of the PATH, or with neither is fakeredis.

    Data that survives goes to ``redis/`` in `folder`. Raises BackendProblem.
    """
    if executable == FAKE:
        return _fake()
    found = shutil.which(executable or "redis-server")
    if found is not None:
        from kagemusha.dataplane.redis_server import RedisServers

        return RedisServers(Path(found).absolute(), folder.absolute() / "redis")
    if executable is not None:
        raise BackendProblem(f"--redis-server {executable} can't be started: give one that can, or leave it out.")
    return _fake()


def _fake() -> Backend:
    try:
        from kagemusha.dataplane.fake_redis import FakeRedis
    except ModuleNotFoundError:
        message = "Without redis-server the data plane needs fakeredis: pip install 'kagemusha[dataplane]'."
        raise BackendProblem(message) from None
    return FakeRedis()
