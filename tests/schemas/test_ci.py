"""What `.ci/run` does about the schemas, in a checkout whose `make` only says what it was given."""

import os
import shutil
import subprocess
from pathlib import Path

from published import VARIABLE

RUN = Path(__file__).parents[2] / ".ci" / "run"


def run(checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run a copy of it that stands in `checkout`, from elsewhere."""
    (checkout / ".ci").mkdir(parents=True)
    (checkout / "bin").mkdir()
    shutil.copy(RUN, checkout / ".ci" / "run")
    make = checkout / "bin" / "make"
    make.write_text(f'#!/bin/sh\necho "$1 ${VARIABLE}"\n')
    make.chmod(0o755)
    environment = {"PATH": f"{make.parent}:{os.environ['PATH']}", VARIABLE: "elsewhere"}
    return subprocess.run(
        [checkout / ".ci" / "run"], cwd="/", env=environment, capture_output=True, text=True, timeout=30
    )


def test_it_takes_the_schemas_that_lie_beside_the_checkout(tmp_path: Path) -> None:
    """By an absolute path, whatever the environment said, and from wherever it is started."""
    (tmp_path / "shared" / "schemas").mkdir(parents=True)
    done = run(tmp_path / "main")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["test", f"{tmp_path}/shared/schemas", "lint", f"{tmp_path}/shared/schemas"]


def test_without_them_it_fails_in_one_line(tmp_path: Path) -> None:
    """Before anything is made, and the line names the folder."""
    done = run(tmp_path / "main")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert f"{tmp_path}/shared/schemas" in done.stderr
