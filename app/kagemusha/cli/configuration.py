"""The settings of commands that need no server: the command line's, over the environment's."""

from typing import Any

from kagemusha.cli.talk import fail
from kagemusha.settings import Settings


def configured(command: str, **given: Any) -> Settings:
    """Settings of what was given to `command` (None: nothing was) and of the environment.

    A bad value ends the command with a line that names the option, or the variable. A choice between --database
    and --ephemeral on the command line outdoes the environment's.
    """
    from pydantic import ValidationError

    given = {name: value for name, value in given.items() if value is not None}
    if "database" in given and "ephemeral" in given:
        fail("--ephemeral keeps nothing, --database keeps the world: give one of the two.")
    if "database" in given:
        given["ephemeral"] = False
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        if name in given:
            fail(f"--{name.replace('_', '-')}: {first['msg']}. See kagemusha {command} --help.")
        fail(f"KAGEMUSHA_{name.upper()} in the environment: {first['msg']}. Correct it, or unset it.")
    if settings.ephemeral and settings.database and "ephemeral" not in given:
        fail("KAGEMUSHA_EPHEMERAL keeps nothing, KAGEMUSHA_DATABASE keeps the world: unset one of the two.")
    return settings
