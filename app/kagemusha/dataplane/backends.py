"""The backends of the data plane, chosen by what was told and by what is installed."""

from collections.abc import Mapping
from pathlib import Path

from kagemusha.dataplane.backend import Backend
from kagemusha.domain.doors import Kind


def make(folder: Path, redis_server: str | None, postgres_server: str | None) -> Mapping[Kind, Backend]:
    """The backends, which keep data in `folder`. Raises BackendProblem for what was told and can't be had."""
    del folder, redis_server, postgres_server
    return {}
