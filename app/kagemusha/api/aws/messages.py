"""A request and an answer of AWS, as they pass through."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class AwsRequest(NamedTuple):
    """A request as it came; `path` is percent-encoded and has its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class AwsResponse(NamedTuple):
    """An answer, the emulator's or ours. `cut` says how its connection ends, if a fault does not let it arrive."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    cut: str | None = None
