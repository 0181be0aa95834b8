"""The page about the machines says what the tables say."""

from pathlib import Path

from kagemusha.statemachines import page


def test_the_page_is_what_the_tables_say() -> None:
    """docs/state-machines.md is the generator's output."""
    assert (Path(__file__).parents[2] / "docs" / "state-machines.md").read_text() == page()
