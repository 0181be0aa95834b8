"""The OpenAPI documents: written, whole, and true."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kagemusha import openapi

FOLDER = Path(__file__).parents[2] / "openapi"
DOCUMENTS = openapi.documents()


def operations() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Every operation: its document, method, path and description."""
    for name, document in DOCUMENTS.items():
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                yield name, method, path, operation


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_files_are_what_the_routes_say(name: str) -> None:
    """A file in openapi/ that `make openapi` would change is a mistake."""
    assert (FOLDER / name).read_text(encoding="utf-8") == openapi.spelled(DOCUMENTS[name]), "run `make openapi`"


def test_no_file_is_left_over() -> None:
    """Every file in openapi/ is one that the program writes."""
    assert {path.name for path in FOLDER.iterdir()} == set(DOCUMENTS)


def test_the_program_writes_the_files(tmp_path: Path) -> None:
    """The documents land in the directory that was asked for."""
    openapi.write(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(DOCUMENTS)


def test_every_operation_has_a_name_of_its_own() -> None:
    """Operation ids are unique over all documents: they are what faults will name."""
    ids = [operation["operationId"] for *_, operation in operations()]
    assert len(ids) == len(set(ids))


def test_every_operation_says_what_it_answers() -> None:
    """Each has a one-line summary, one kind of success and all of its refusals, each of which is the Error document."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for name, method, path, operation in operations():
        where = (name, method, path)
        answers = operation["responses"]
        assert operation["summary"], where
        assert "\n" not in operation["summary"], where
        assert {"401", "413", "503"} <= set(answers), where
        assert not {"500", "default"} & set(answers), where
        assert [status for status in answers if status in {"200", "201", "202", "204"}], where
        shared = DOCUMENTS[name]["components"]["responses"]
        refusals = [
            shared[answer["$ref"].rpartition("/")[2]]
            for status, answer in answers.items()
            if not status.startswith(("2", "3"))
        ]
        assert all(answer["content"] == error for answer in refusals), where


def test_no_request_asks_for_a_state() -> None:
    """A client asks for things and for their end, never for a state."""
    asked: set[str] = set()
    for name, _, _, operation in operations():
        for body in operation.get("requestBody", {}).get("content", {}).values():
            for each in body["schema"].get("anyOf", [body["schema"]]):
                model = DOCUMENTS[name]["components"]["schemas"].get(each.get("$ref", "").rpartition("/")[2], {})
                asked |= model.get("properties", {}).keys()
    assert {"allowed_accounts", "plan", "seconds"} <= asked
    assert not asked & {"state", "status", "generation", "due_at"}


def test_what_follows_can_be_asked() -> None:
    """A link names an operation of the same document, and gives each parameter of its path a value."""
    found = 0
    for name, method, path, operation in operations():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                found += 1
                [target] = [
                    place for place, methods in DOCUMENTS[name]["paths"].items()
                    for each in methods.values() if each["operationId"] == link["operationId"]
                ]  # fmt: skip
                assert set(link["parameters"]) == set(re.findall(r"\{(\w+)\}", target)), (method, path)
                asked = {value for value in link["parameters"].values() if value.startswith("$request.path.")}
                assert {value.removeprefix("$request.path.") for value in asked} <= set(re.findall(r"\{(\w+)\}", path))
    assert found > 100
