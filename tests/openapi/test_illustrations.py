"""What a reader of openapi/ is promised: names, errors, credentials, and an example of every body."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driver import ACCEPT, World
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator

FOLDER = Path(__file__).parents[2] / "openapi"
DOCUMENTS = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
OPERATIONS = [
    pytest.param(name, path, operation, id=operation["operationId"])
    for name, document in DOCUMENTS.items()
    for path, methods in document["paths"].items()
    for operation in methods.values()
]
ERROR = {"$ref": "#/components/schemas/Error"}
CREDENTIALS = {
    "heroku-data.json": [{"bearer": []}, {"basic": []}],
    "heroku-platform.json": [{"bearer": []}, {"basic": []}],
    "simulator.json": [{"admin_token": []}, {}],
}
DRAWN = re.compile(r'HRKU-KGM-(?!0+\b)|AKIAKGM(?!0+\b)|secret_access_key": ?"(?!0+")', re.IGNORECASE)
"""What an example may not hold: a key, or a secret, that is not blotted out."""


def bodies(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The bodies that an operation takes and those of its successes, as the document describes them."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield "request", media
    for status, answer in operation["responses"].items():
        for media in answer.get("content", {}).values() if status.startswith("2") else ():
            yield status, media


@pytest.mark.parametrize(("name", "path", "operation"), OPERATIONS)
def test_each_body_has_an_example_that_is_one(name: str, path: str, operation: dict[str, Any]) -> None:
    """What is taken and each success has an example, which is as its schema says, formats included."""
    for what, media in bodies(operation):
        schema = media["schema"] | {"components": DOCUMENTS[name]["components"]}
        assert "example" in media, (path, what)
        Draft202012Validator(schema, validate_formats=True).validate(media["example"])


@pytest.mark.parametrize(("name", "path", "operation"), OPERATIONS)
def test_each_operation_names_its_main_errors(name: str, path: str, operation: dict[str, Any]) -> None:
    """Bad credentials, what is not there, a body that is none or says what can't be; all are the Error document."""
    expected = {"401", "413", "503"}
    expected |= {"404"} if "{" in path else set()
    expected |= {"400", "422"} if "requestBody" in operation else set()
    expected |= {"406", "429"} if name == "heroku-platform.json" else set()
    assert expected <= set(operation["responses"]), path
    shared = DOCUMENTS[name]["components"]["responses"]
    for status, answer in operation["responses"].items():
        if not status.startswith(("2", "3")):
            assert answer == {"$ref": f"#/components/responses/{status}"}, (path, status)
            assert [media["schema"] for media in shared[status]["content"].values()] == [ERROR], (path, status)


@pytest.mark.parametrize(("name", "path", "operation"), OPERATIONS)
def test_each_operation_says_which_credentials_it_takes(name: str, path: str, operation: dict[str, Any]) -> None:
    """Its own, or its document's, and each is a scheme that the document describes."""
    taken = operation.get("security", DOCUMENTS[name].get("security"))
    assert taken == CREDENTIALS[name], path
    schemes = DOCUMENTS[name]["components"]["securitySchemes"]
    assert set(schemes) == {scheme for each in taken for scheme in each}
    assert {each["type"] for each in schemes.values()} == {"http"}


def test_every_operation_is_looked_at() -> None:
    """There are three documents, and operations with and without bodies in each."""
    assert set(DOCUMENTS) == set(CREDENTIALS)
    found = [(name, what) for name, _, operation in (each.values for each in OPERATIONS)
             for what, _ in bodies(operation)]  # fmt: skip
    assert {(name, what) for name in DOCUMENTS for what in ("request", "200", "201")} <= set(found)


def test_no_example_gives_a_key_away() -> None:
    """Keys and secrets, which are drawn anew each time, are blotted out."""
    texts = [json.dumps(media["example"]) for each in OPERATIONS for _, media in bodies(each.values[2])]
    assert sum("HRKU-KGM-0" in text for text in texts) > 1
    assert sum("secret_access_key" in text for text in texts) > 1
    assert [text for text in texts if DRAWN.search(text)] == []


@pytest.mark.parametrize("leak", ["HRKU-KGM-0f", "AKIAKGM0A", '"secret_access_key": "a', '"AWS_SECRET_ACCESS_KEY":"0a'])
def test_a_key_would_be_seen(leak: str) -> None:
    """The look for keys finds one in each place where one can be."""
    assert DRAWN.search(leak)


@pytest.mark.parametrize(("name", "path"), [("heroku-platform.json", "/account"), ("heroku-data.json", None)])
def test_the_documents_credentials_are_taken(lone_client: TestClient, name: str, path: str | None) -> None:
    """Each scheme that a document of Heroku's names opens a world, and without one nothing does."""
    world = World.make(lone_client)
    asked = path or f"/data/maintenances/v1/apps/{world.post('/apps', {'name': 'ferry'})['name']}"
    given = {"bearer": {"headers": {"Authorization": f"Bearer {world.key}"}}, "basic": {"auth": ("", world.key)}}
    for requirement in DOCUMENTS[name]["security"]:
        [scheme] = requirement
        sent = given[DOCUMENTS[name]["components"]["securitySchemes"][scheme]["scheme"]]
        answer = lone_client.get(asked, **sent | {"headers": {"Accept": ACCEPT} | sent.get("headers", {})})
        assert answer.status_code == 200, answer.text
    assert lone_client.get(asked, headers={"Accept": ACCEPT}).status_code == 401
