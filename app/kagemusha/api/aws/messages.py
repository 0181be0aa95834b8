"""A request and an answer of AWS, as they pass through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A request as it came; `path` is percent-encoded and has its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class AwsResponse:
    """An answer of the emulator's."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
