"""AWS principals as the PrivateLink API takes them, and which of them are allowed.

Heroku's article names ``ID``, ``ID:user/NAME`` and ``ID:role/NAME``; ``ID:root`` and full ARNs are taken as
synonyms (inferred). Paths (``role/team/x``) and ``*`` are refused.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from kagemusha.domain.errors import InvalidParams

_ARN = "arn:aws:iam::"
_WHO = r":(?:root|(?:user|role)/[A-Za-z0-9_+=,.@-]{1,64})"
SUBMITTED = re.compile(rf"[0-9]{{12}}(?:{_WHO})?|{_ARN}[0-9]{{12}}{_WHO}", re.ASCII)
"""What a client may submit."""
_SHOWN = 100
"""Characters of a refused principal that its error repeats."""


class Principal(NamedTuple):
    """`account` is 12 digits; `path` is ``root``, ``user/NAME`` or ``role/NAME``."""

    account: str
    path: str

    @property
    def arn(self) -> str:
        """``arn:aws:iam::123456789101:user/abc.xyz``."""
        return f"{_ARN}{self.account}:{self.path}"


def root_arn(account: str) -> str:
    """The ARN of a whole account: ``arn:aws:iam::123456789101:root``."""
    return Principal(account, "root").arn


def parse(text: str) -> Principal:
    """Read a principal as a client submits it; raises InvalidParams for what AWS or Heroku refuse."""
    if not SUBMITTED.fullmatch(text):
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise InvalidParams(
            f"Invalid account {shown!r}: give a 12-digit AWS account ID, ID:user/NAME or ID:role/NAME "
            "(no paths, no wildcards).",
        )
    account, _, path = text.removeprefix(_ARN).partition(":")
    return Principal(account, path or "root")


@lru_cache(10_000)
def covering(principal_arn: str) -> frozenset[str]:
    """The ARNs of which one must be allowed for this principal to be: its own, and its whole account's."""
    return frozenset({principal_arn, root_arn(parse(principal_arn).account)})


def is_allowed(principal_arn: str, allowed_arns: Iterable[str]) -> bool:
    """Whether `principal_arn` may connect: itself is allowed, or its whole account."""
    return not covering(principal_arn).isdisjoint(allowed_arns)
