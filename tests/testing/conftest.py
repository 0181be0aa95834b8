"""Projects with tests of their own."""

from pathlib import Path

import pytest
from runs import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty one."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers --strict-config\n")
    return Project(tmp_path)
