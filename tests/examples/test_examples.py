"""The programs of examples/ are tested as whoever copies them would test them."""

import os
import re
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_pytest_example_passes_its_tests() -> None:
    """All thirty tests of the worked example pass, spread over four workers."""
    # Neither what belongs to this run nor plugins that are not installed beside the example.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-n", "4", "-p", "no:cacheprovider",
               "-p", "no:schemathesis", "-p", "no:hypothesispytest"]  # fmt: skip
    done = subprocess.run(
        command, cwd=EXAMPLES / "pytest", env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^30 passed in ", done.stdout, re.MULTILINE) or "= 30 passed in " in done.stdout
