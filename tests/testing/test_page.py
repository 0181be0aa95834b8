"""docs/pytest.md."""

import re
from pathlib import Path

from runs import Project

PAGE = Path(__file__).parents[2] / "docs" / "pytest.md"


def test_the_page_is_true(project: Project) -> None:
    """Its examples are tests, and pass."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for number, block in enumerate(blocks):
        project.write(f"test_block_{number}", block)
    assert project.run().outcomes == {"passed": sum(block.count("def test_") for block in blocks)}
