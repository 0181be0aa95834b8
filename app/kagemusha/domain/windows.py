"""Maintenance windows: four hours a week, named as Heroku names them."""

import re

from kagemusha.domain.errors import InvalidParams

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS = 4
_DAY = "|".join("".join(f"[{letter.upper()}{letter.lower()}]" for letter in day) for day in DAYS)
DESCRIPTION = re.compile(rf"\s*(?P<day>{_DAY})s?\s+(?P<hour>[01]?[0-9]|2[0-3]):(?P<minute>00|30)\s*", re.ASCII)
"""A day, in capitals or not, and a time on the hour or half past."""


def window(description: str) -> str:
    """``Sunday 22:30`` as a window: ``Sundays 22:30 to Mondays 02:30 UTC``. Raises InvalidParams."""
    match = DESCRIPTION.fullmatch(description)
    if match is None:
        raise InvalidParams("description must be a day and a time in UTC, on the hour or half past: `Tuesday 14:30`.")
    day = match["day"].capitalize()
    days, hour = divmod(int(match["hour"]) + _HOURS, 24)
    ends_on = f"{DAYS[(DAYS.index(day) + 1) % len(DAYS)]}s " if days else ""
    return f"{day}s {int(match['hour']):02}:{match['minute']} to {ends_on}{hour:02}:{match['minute']} UTC"
