"""A user's machine on which nothing is downloaded."""

import os
import sys
import sysconfig
from pathlib import Path


def machine(home: Path) -> dict[str, str]:
    """The environment of a user with the tests' Python.

    pip builds and installs what it is given, asks no index, and takes for granted what the tests' Python has.
    """
    home.mkdir(exist_ok=True)
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_IGNORE_INSTALLED": "1",
        # How pip spells --no-build-isolation in the environment.
        "PIP_NO_BUILD_ISOLATION": "0",
    }
