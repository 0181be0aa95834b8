"""Schemathesis tries out the OpenAPI documents: what they say is so, and nothing that they don't say happens."""

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from driver import World
from kagemusha import openapi
from live import Server, serving
from things import Things

HERE = Path(__file__).parent
SCHEMATHESIS = [sys.executable, "-m", "schemathesis.cli"]
DOCUMENTS = openapi.documents()
NEVER_SUCCEED = {"oauth_session.delete", "pipeline_coupling.info_by_app", "addon_config.update"}
"""Operations that are refused whatever is asked."""
SCENARIOS = 80
"""Of the stateful phase, as schemathesis.toml has it. It gives up without a word when one can't be repeated."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Trial:
    """A server that takes issued keys alone, and a folder with the keys of its sandboxes ``one`` and ``two``."""

    server: Server
    folder: Path

    def run(self, document: Document, *arguments: str) -> tuple[subprocess.CompletedProcess[str], Document]:
        """Schemathesis over a document: what it printed, and its report."""
        (self.folder / "document.json").write_text(openapi.spelled(document))
        command = [
            *SCHEMATHESIS, "--config-file", str(HERE / "schemathesis.toml"), "run", "document.json", "--no-color",
            "--url", self.server.url, "--report", "json", "--report-json-path", "report.json", *arguments,
        ]  # fmt: skip
        more = {
            "KEYS": str(self.folder / "keys.json"),
            "KAGEMUSHA_URL": self.server.url,
            "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")]),
        }
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, env=os.environ | more, timeout=1_800
        )
        report: Document = json.loads((self.folder / "report.json").read_text())
        return done, report

    def noticed(self, document: Document, operations: str, phase: str) -> set[str]:
        """Of what kinds are the failures of some operations in one phase."""
        only = [part for each in operations.split() for part in ("--include-operation-id", each)]
        done, report = self.run(document, "--phases", phase, "--max-examples", "20", *only)
        assert done.returncode == 1, done.stdout + done.stderr
        return {failure["type"] for failure in report["failures"]}


@contextmanager
def trial(folder: Path, *, two: str = "two", **delays: object) -> Iterator[Trial]:
    """A server of its own. Stages of its sandbox ``one`` last as `delays` say; ``two`` is given the key of `two`."""
    with serving("--ephemeral", "--data-plane", "--auth", "strict", "--clock", "manual", log=folder / "log") as server:
        with server.client() as client:
            made = {"one": Things(client, **delays).world.key, "two": World.make(client, "two").key}
        users = [
            {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {made[key]}"}]}
            for name, key in (("one", "one"), ("two", two))
        ]
        (folder / "keys.json").write_text(json.dumps({"auth": users}))
        yield Trial(server, folder)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """A server for what needs no empty one."""
    with trial(tmp_path_factory.mktemp("shared")) as found:
        yield found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_says_is_so(name: str, tmp_path: Path) -> None:
    """Whatever is sent, well-formed or not, alone or after another request, is answered as the document says."""
    with trial(tmp_path) as found:
        done, report = found.run(DOCUMENTS[name])
    assert done.returncode == 0, done.stdout + done.stderr
    assert report["complete"]
    assert report["operations"]["tested"] == report["operations"]["total"]
    assert [phase["status"] for phase in report["phases"].values()] == ["success"] * 4
    assert report["test_cases"]["errored"] == 0, done.stdout
    [(scenarios, covered, links)] = re.findall(r"Scenarios: +(\d+)\s+API Links: +(\d+) covered / (\d+)", done.stdout)
    assert int(scenarios) >= SCENARIOS, done.stdout
    assert int(covered) > int(links) // 2, done.stdout
    accepted = {
        label for label, phases in report["valid_rates"].items() if any(rate["accepted"] for rate in phases.values())
    }
    assert accepted == {
        f"{method.upper()} {path}" for path, methods in DOCUMENTS[name]["paths"].items()
        for method, operation in methods.items() if operation["operationId"] not in NEVER_SUCCEED
    }  # fmt: skip
    assert (tmp_path / "log").read_text().count("Traceback") == 0


def operation(document: Document, operation_id: str) -> Document:
    """An operation by its id."""
    [found] = [each for methods in document["paths"].values() for each in methods.values()
               if each["operationId"] == operation_id]  # fmt: skip
    return found


def app_is_always_there(document: Document) -> None:
    """No 404 is told of."""
    del operation(document, "app.info")["responses"]["404"]


def apps_are_text(document: Document) -> None:
    """An app's Content-Type is another."""
    content = operation(document, "app.info")["responses"]["200"]["content"]
    content["text/plain"] = content.pop("application/json")


def answers_are_numbered(document: Document) -> None:
    """The header Request-Id is a number."""
    document["components"]["headers"]["Request-Id"]["schema"] = {"type": "integer"}


def apps_are_numbered(document: Document) -> None:
    """An app's name is a number."""
    document["components"]["schemas"]["App"]["properties"]["name"] = {"type": "integer"}


def health_is_secret(document: Document) -> None:
    """Health is told to who has the token alone."""
    operation(document, "sim.health")["security"] = [{"admin_token": []}]


def keys_are_known(document: Document) -> None:
    """What a space can't be changed in is refused."""
    document["components"]["schemas"]["SpaceChange"]["additionalProperties"] = False


def apps_have_colours(document: Document) -> None:
    """A list can be walked by what its things don't have."""
    [found] = [each for each in operation(document, "app.list")["parameters"] if each["name"] == "Range"]
    found |= {"schema": {"enum": ["colour .."]}, "example": "colour .."}


def a_header_is_needed(document: Document) -> None:
    """A request without some header is refused."""
    header = {"name": "X-Needed", "in": "header", "required": True, "schema": {"type": "string"}}
    operation(document, "app.info")["parameters"].append(header)


def apps_stay(document: Document) -> None:
    """No app can be deleted."""
    del document["paths"]["/apps/{name}"]["delete"]


def keys_are_names(document: Document) -> None:
    """A sandbox is found by its key."""
    for link in operation(document, "sandbox.create")["responses"]["201"]["links"].values():
        link["parameters"]["name"] = "$response.body#/heroku_api_key"


@pytest.mark.parametrize(
    ("lie", "name", "operations", "phase", "noticed"),
    [
        (app_is_always_there, "heroku-platform.json", "app.info", "coverage", "UndefinedStatusCode"),
        (apps_are_text, "heroku-platform.json", "app.info", "coverage", "UndefinedContentType"),
        (answers_are_numbered, "heroku-platform.json", "app.info", "coverage", "JsonSchemaError"),
        (apps_are_numbered, "heroku-platform.json", "app.info", "fuzzing", "JsonSchemaError"),
        (health_is_secret, "simulator.json", "sim.health", "coverage", "IgnoredAuth"),
        (keys_are_known, "heroku-platform.json", "space.update", "coverage", "AcceptedNegativeData"),
        (apps_have_colours, "heroku-platform.json", "app.list", "examples", "RejectedPositiveData"),
        (a_header_is_needed, "heroku-platform.json", "app.info", "coverage", "MissingHeaderNotRejected"),
        (apps_stay, "heroku-platform.json", "app.info", "coverage", "UnsupportedMethodResponse"),
        (apps_stay, "heroku-platform.json", "app.info", "coverage", "AllowHeaderMismatch"),
        (keys_are_names, "simulator.json", "sandbox.create sandbox.info", "stateful", "EnsureResourceAvailability"),
    ],
)
def test_a_lie_of_a_document_is_noticed(
    lie: Callable[[Document], None], name: str, operations: str, phase: str, noticed: str, shared: Trial
) -> None:
    """A document that says what is not so fails, by the check that is there for that."""
    document = copy.deepcopy(DOCUMENTS[name])
    lie(document)
    assert noticed in shared.noticed(document, operations, phase)


def test_a_thing_that_outlives_its_end_is_noticed(tmp_path: Path) -> None:
    """A space that is deleted for ever is still to be seen."""
    with trial(tmp_path, **{"space.deleting": "never"}) as found:
        operations = "space.create space.info space.delete"
        assert found.noticed(DOCUMENTS["heroku-platform.json"], operations, "stateful") == {"UseAfterFree"}


def test_a_thing_that_somebody_else_sees_is_noticed(tmp_path: Path) -> None:
    """Two users with one key see each other's apps."""
    with trial(tmp_path, two="one") as found:
        noticed = found.noticed(DOCUMENTS["heroku-platform.json"], "app.create app.info", "stateful")
    assert noticed == {"ObjectLevelAuthorizationViolation"}
