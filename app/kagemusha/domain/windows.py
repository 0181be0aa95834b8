"""Maintenance windows: four hours a week, named as Heroku names them."""

import re

from kagemusha.domain.errors import InvalidParams

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS = 4
_DESCRIPTION = re.compile(r"\s*(?P<day>[A-Za-z]{6,9}?)s?\s+(?P<hour>\d{1,2}):(?P<minute>00|30)\s*", re.ASCII)


def window(description: str) -> str:
    """``Sunday 22:30`` as a window: ``Sundays 22:30 to Mondays 02:30 UTC``. Raises InvalidParams."""
    match = _DESCRIPTION.fullmatch(description)
    day = match["day"].capitalize() if match else ""
    if match is None or day not in DAYS or int(match["hour"]) >= 24:  # noqa: PLR2004
        raise InvalidParams("description must be a day and a time in UTC, on the hour or half past: `Tuesday 14:30`.")
    days, hour = divmod(int(match["hour"]) + _HOURS, 24)
    ends_on = f"{DAYS[(DAYS.index(day) + 1) % len(DAYS)]}s " if days else ""
    return f"{day}s {int(match['hour']):02}:{match['minute']} to {ends_on}{hour:02}:{match['minute']} UTC"
