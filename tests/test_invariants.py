"""INVARIANTS.md names only what is there: tests, contracts, and the constraints of the database."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from kagemusha.store.models import metadata

ROOT = Path(__file__).parents[1]
RULES = re.split(r"\n(?=\d+\. \*\*)", (ROOT / "INVARIANTS.md").read_text())[1:]
"""The rules, each with the lines that follow it."""

CONTRACTS = {
    each["name"] for each in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
}


def number(rule: str) -> str:
    """What the rule begins with."""
    return rule.partition(".")[0]


def enforcers(rule: str) -> str:
    """What enforces the rule, in one line."""
    return " ".join(rule.partition("Enforced by:")[2].partition("\n\n")[0].split())


def functions(path: Path) -> set[str]:
    """The functions that a file defines."""
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def constraints() -> set[str]:
    """The names of the constraints and indexes, those of each table also as ``ix_<table>_due``."""
    named = {(table.name, str(each.name)) for table in metadata.tables.values()
             for each in (*table.constraints, *table.indexes)}  # fmt: skip
    return {name for _, name in named} | {name.replace(f"_{table}_", "_<table>_") for table, name in named}


def test_the_rules_are_numbered() -> None:
    """From 1 on, so that a rule can be cited."""
    assert [number(rule) for rule in RULES] == [str(place) for place in range(1, len(RULES) + 1)]


@pytest.mark.parametrize("rule", RULES, ids=number)
def test_a_rule_is_enforced_by_what_is_there(rule: str) -> None:
    """It names a test, a contract, a constraint or a setting, and each that it names exists."""
    said = enforcers(rule)
    assert "`" in said or "*" in said
    assert "(?)" not in said
    for file, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", said):
        assert (ROOT / file).is_file(), file
        assert not name or name in functions(ROOT / file), f"{file}::{name}"
    assert not re.search(r"`…|\btest_\w+(?<!\.py)`", re.sub(r"`tests/[^`]+`", "", said)), "name the file as well"
    contracts = {
        each["name"]
        for each in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    }
    assert set(re.findall(r"\*([^*]+)\*", said)) <= contracts
    assert set(re.findall(r"`((?:uq|ix|ck)_[\w<>]+)`", said)) <= constraints()
