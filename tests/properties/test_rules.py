"""Whatever is done, however time is cut and whoever looks: the history is the same."""

import pytest
import rules
from fastapi.testclient import TestClient
from rules import hold

RULES = [
    rules.slicing_changes_nothing,
    rules.batches_change_nothing,
    rules.the_seed_decides,
    rules.worlds_are_apart,
]
EXAMPLES = {"sqlite": 30, "postgresql": 8}
RESTORED = {"sqlite": 3, "postgresql": 1}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(clocked: TestClient, database: str, rule: rules.Rule) -> None:
    """The rule holds for random scripts, on both databases."""
    hold(rule, clocked, EXAMPLES[database.split(":", maxsplit=1)[0]])


def test_a_restored_world_goes_on_as_if_nothing_had_been(clocked: TestClient, database: str) -> None:
    """For a thousand random steps after a snapshot, on both databases."""
    hold(rules.restoring_changes_nothing, clocked, RESTORED[database.split(":", maxsplit=1)[0]], shrink=False)
