"""The catalogue of errors."""

from collections.abc import Iterator

from kagemusha.api.dialect import STATUSES
from kagemusha.domain.errors import DomainError


def catalogue(error: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every kind of error."""
    for each in error.__subclasses__():
        yield each
        yield from catalogue(each)


def test_every_error_has_a_status() -> None:
    """None falls back to 500, and none is listed that there isn't."""
    assert set(catalogue()) == set(STATUSES)
