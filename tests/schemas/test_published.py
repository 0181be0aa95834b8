"""What is made of Heroku's files."""

from pathlib import Path

import pytest
from published import DATA, PLATFORM, VARIABLE, Missing, Published, route


def test_a_keyword_that_nobody_checks_is_an_error() -> None:
    """A schema that says more than is understood must not pass for one that says less."""
    published = Published({"definitions": {}}, {"GET /x": {"responses": {"200": {"type": "object", "oneOf": []}}}})
    with pytest.raises(ValueError, match="'oneOf'"):
        published.schema(("GET", "/x"), 200)


def test_of_several_descriptions_of_a_route_one_is_met() -> None:
    """Two spellings of a route, and two links that differ, are alternatives."""
    data = {f"GET /x/{name}": {"responses": {"200": {"type": kind}}} for name, kind in
            ((":a", "string"), ("{b}", "null"), (":c", "null"))}  # fmt: skip
    assert Published({"definitions": {}}, data).schema(("GET", "/x/{}"), 200) == {
        "anyOf": [{"type": "string"}, {"type": "null"}]
    }


def test_a_route_is_the_same_in_every_spelling() -> None:
    """Of OpenAPI, of the hyper-schema and of the Data API's file."""
    spellings = ("/x/{name}/y/{z}", "/x/{(%23%2Fdefinitions%2Fapp)}/y/{(%23)}", "/x/:name/y/:z", "/x/{a}/y/:b")
    assert {route("get", each) for each in spellings} == {("GET", "/x/{}/y/{}")}


def test_schemas_that_are_not_there_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variable there are none; with it both files must be there and hold JSON."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert Published.found() is None
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(Missing, match=PLATFORM):
        Published.found()
    (tmp_path / PLATFORM).write_text('{"definitions": {}}')
    with pytest.raises(Missing, match=DATA):
        Published.found()
    (tmp_path / DATA).write_text("<html>")
    with pytest.raises(Missing, match=DATA):
        Published.found()
    (tmp_path / DATA).write_text("{}")
    assert Published.found() is not None
