"""Redocly, a linter of OpenAPI documents, finds nothing to say about ours."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
DOCUMENTS = sorted((HERE.parents[1] / "openapi").glob("*.json"))
REDOCLY = HERE.parent / "clients" / "node" / "node_modules" / ".bin" / "redocly"
IGNORED = {"heroku-platform.json": 3}
"""How many problems .redocly.lint-ignore.yaml hides, by document."""


@dataclass(frozen=True)
class Verdict:
    """What the linter said: its exit code, the rules that were broken, and how many problems it was told to ignore."""

    code: int
    broken: list[str]
    ignored: int


def lint(document: Path, home: Path) -> Verdict:
    """Lint a document in a home of its own, with all that Redocly would send or fetch by itself switched off."""
    assert REDOCLY.exists(), "@redocly/cli is not installed: run `make test`"
    command = [str(REDOCLY), "lint", str(document), "--config", str(HERE / "redocly.yaml"), "--format", "json"]
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)} | quiet
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, cwd=home)
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    said = json.loads(done.stdout)
    return Verdict(done.returncode, [each["ruleId"] for each in said["problems"]], said["totals"]["ignored"])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_linter_finds_nothing(document: Path, tmp_path: Path) -> None:
    """No recommended rule is broken, and nothing is ignored but what has its reason beside it."""
    assert lint(document, tmp_path) == Verdict(0, [], IGNORED.get(document.name, 0))


def test_there_are_documents() -> None:
    """Those of three APIs are linted."""
    assert len(DOCUMENTS) == 3


def test_what_is_ignored_is_ignored_there_alone(tmp_path: Path) -> None:
    """The same paths in another document are errors."""
    copy = tmp_path / "heroku-platform.json"
    copy.write_bytes((HERE.parents[1] / "openapi" / copy.name).read_bytes())
    assert lint(copy, tmp_path) == Verdict(1, ["no-ambiguous-paths"] * IGNORED[copy.name], 0)


def _clock(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/_sim/sandboxes/{name}/clock"]
    return found


BREAKS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no-invalid-media-type-examples": lambda document: _clock(document)["get"]["responses"]["200"]["content"][
        "application/json"
    ].update(example={"mode": "backwards"}),
    "no-unresolved-refs": lambda document: document["components"]["schemas"].pop("Error"),
    "operation-4xx-response": lambda document: _clock(document)["get"].update(
        responses={"200": {"description": "The clock"}}
    ),
    "operation-operationId-unique": lambda document: _clock(document)["get"].update(operationId="clock.update"),
    "path-parameters-defined": lambda document: _clock(document)["get"].pop("parameters"),
    "security-defined": lambda document: document["components"].pop("securitySchemes"),
    "struct": lambda document: document.pop("info"),
}


@pytest.mark.parametrize("rule", BREAKS)
def test_the_linter_finds_what_is_broken(rule: str, tmp_path: Path) -> None:
    """A document that breaks a rule is an error of that rule, and no success."""
    document = json.loads((HERE.parents[1] / "openapi" / "simulator.json").read_text())
    BREAKS[rule](document)
    broken = tmp_path / "simulator.json"
    broken.write_text(json.dumps(document))
    verdict = lint(broken, tmp_path)
    assert verdict.code == 1
    assert rule in verdict.broken
