"""The checks can fail: small schemas in Heroku's spelling, and answers that they refuse."""

import json
from typing import Any

import httpx
import pytest
from conformance import Conformance
from fastapi import FastAPI
from fastapi.testclient import TestClient
from kagemusha.api.dialect import HEROKU, STATUSES, install, too_large
from kagemusha.domain.errors import AwsError, DomainError, IllegalStep, NotFound
from published import Published
from starlette.responses import Response

UUID = "01234567-89ab-cdef-0123-456789abcdef"
REGION = "/regions/{(%23%2Fdefinitions%2Fregion%2Fdefinitions%2Fidentity)}"


def resource(name: str, properties: dict[str, Any], *links: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A resource of a hyper-schema; its properties refer to its definitions, as all of Heroku's do."""
    return {
        "$schema": "http://json-schema.org/draft-04/hyper-schema",
        "title": name,
        "type": ["object"],
        "definitions": {"identity": {"anyOf": [{"$ref": f"#/definitions/{name}/definitions/id"}]}, **properties},
        "properties": {each: {"$ref": f"#/definitions/{name}/definitions/{each}"} for each in properties},
        "links": list(links),
    } | more


def link(method: str, href: str, target: dict[str, Any]) -> dict[str, Any]:
    """What a route answers."""
    return {"method": method, "href": href, "rel": "self", "title": "Info", "targetSchema": target}


THIS = {"$ref": "#/definitions/region"}
FORMATS = {"id": "uuid", "created_at": "date-time", "email": "email", "homepage": "uri"}
PLATFORM_SCHEMA = {
    "definitions": {
        "region": resource(
            "region",
            {key: {"type": ["string"], "format": each, "example": "x"} for key, each in FORMATS.items()}
            | {
                "name": {"type": ["string", "null"], "pattern": "^[a-z]+$"},
                "size": {"type": ["integer"], "enum": [1, 2]},
                "provider": {
                    "type": ["object"],
                    "properties": {"name": {"type": ["string"]}},
                    "strictProperties": True,
                },
            },
            link("GET", REGION, THIS),
            link("GET", "/regions", {"type": ["array"], "items": THIS}),
            {"method": "DELETE", "href": REGION, "rel": "destroy", "title": "Of what nothing is said"},
            strictProperties=True,
        ),
        "space": resource(
            "space",
            {"region": {"type": ["object"], "properties": {"id": {"type": ["string"]}}, "strictProperties": True}},
            link("GET", "/spaces/{(%23%2Fdefinitions%2Fspace)}", {"$ref": "#/definitions/space"}),
            required=["region"],
        ),
        "config-var": resource(
            "config-var",
            {},
            link("GET", "/apps/{(x)}/config-vars", {"$ref": "#/definitions/config-var/definitions/config_vars"}),
            definitions={
                "config_vars": {
                    "type": ["object"],
                    "patternProperties": {"^\\w+$": {"type": ["string", "null"]}},
                    "additionalProperties": False,
                }
            },
        ),
    }
}
DATA_SCHEMA = {
    "GET /private-link/v0/databases/:name": {
        "request": None,
        "responses": {
            "200": {
                "type": "object",
                "properties": {"connections": {"items": None, "type": "array"}, "status": {"type": "string"}},
                "required": ["connections", "status"],
            },
            "400": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message", "url"]},
        },
    }
}
CONFORMANCE = Conformance(Published(PLATFORM_SCHEMA, DATA_SCHEMA))
GOOD = {
    "id": UUID, "created_at": "2030-01-01T00:00:00Z", "email": "a@b.example", "homepage": "https://b.example/x",
    "name": None, "size": 1, "provider": {"name": "aws"},
}  # fmt: skip
LINK = "/private-link/v0/databases/redis-1"


def answer(
    path: str, content: bytes, status: int = 200, method: str = "GET", kind: str = "application/json", **headers: str
) -> httpx.Response:
    """What a client got."""
    request = httpx.Request(method, f"http://127.0.0.1:8765{path}", headers=headers)
    return httpx.Response(status, content=content, headers={"content-type": kind}, request=request)


def faults(path: str, body: object, *more: Any, **headers: str) -> list[str]:
    """What is wrong with an answer that has this body."""
    return CONFORMANCE.faults(answer(path, json.dumps(body).encode(), *more, **headers))


def without(key: str) -> dict[str, Any]:
    """The good body with a key less."""
    return {name: value for name, value in GOOD.items() if name != key}


def test_what_conforms_has_no_faults() -> None:
    """A document, a list of them, a map of any names, items of any kind, and an error."""
    assert faults("/regions/us", GOOD) == []
    assert faults("/regions", [GOOD, GOOD | {"name": "us"}]) == []
    assert faults("/apps/ferry/config-vars", {"A_1": "b", "C": None}) == []
    assert faults(LINK, {"connections": [1, "x", {}], "status": "Operational", "more": 1}) == []
    assert faults("/regions/us", {"id": "x", "message": "y"}, 404) == []
    assert faults("/nothing", {"id": "x", "message": "y", "url": "https://b.example", "resource": "app",
                               "app": {"id": UUID, "name": "ferry"}}, 404) == []  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        *(without(key) for key in GOOD),
        GOOD | {"more": 1}, GOOD | {"provider": {}}, GOOD | {"provider": {"name": "aws", "more": 1}},
        GOOD | {"size": "1"}, GOOD | {"size": 1.5}, GOOD | {"size": 3}, GOOD | {"size": None}, GOOD | {"name": "US"},
        GOOD | {"id": UUID[1:]}, GOOD | {"id": UUID.replace("-", "")}, GOOD | {"created_at": "2030-01-01 00:00"},
        GOOD | {"email": "nobody"}, GOOD | {"homepage": "b.example"}, [GOOD], None,
    ],
)  # fmt: skip
def test_a_document_that_does_not_conform_is_refused(body: object) -> None:
    """What is missing, too much, of another type or format; also where it stands in a list."""
    assert faults("/regions/us", body)
    assert faults("/regions", [GOOD, body])


@pytest.mark.parametrize(
    "body",
    [
        {"id": "x"}, {"message": "y"}, {"id": "", "message": "y"}, {"id": "x", "message": " "},
        {"id": 1, "message": "y"},
        {"id": "x", "message": "y", "more": 1}, {"id": "x", "message": "y", "resource": None},
        {"id": "x", "message": "y", "url": "b"}, {"id": "x", "message": "y", "app": "ferry"},
        {"id": "x", "message": "y", "app": {"id": UUID, "name": "ferry", "more": 1}}, [], "x",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/regions/us", "/nothing", "/_sim/sandboxes"])
def test_an_error_of_another_shape_is_refused(path: str, body: object) -> None:
    """On any route and on none, with schemas and without."""
    assert faults(path, body, 404)
    assert Conformance(None).faults(answer(path, json.dumps(body).encode(), 404))


def test_an_error_is_also_what_its_route_publishes() -> None:
    """Where a route has a schema for the status."""
    assert len(faults(LINK, {"id": "x", "message": "y"}, 400)) == 1
    assert faults(LINK, {"id": "x", "message": "y", "url": "https://b.example"}, 400) == []


@pytest.mark.parametrize("body", [{"A-1": "b"}, {"A": 1}, {"A": ["b"]}, []])
def test_a_map_has_names_and_values_of_its_kind(body: object) -> None:
    """Patterns limit the names, and nothing else may stand there."""
    assert faults("/apps/ferry/config-vars", body)


def test_a_success_has_a_status_and_a_body_of_its_route() -> None:
    """Another status, no body, and a page are refused; where nothing is published anything is a success."""
    assert faults(LINK, {"connections": [], "status": "Operational"}, 202) == [
        "GET /private-link/v0/databases/{name} 202 is a status that its schema does not have"
    ]
    assert CONFORMANCE.faults(answer(LINK, b"", 204))
    assert CONFORMANCE.faults(answer(LINK, b"<p>", 200, "GET", "text/html"))
    assert CONFORMANCE.faults(answer("/nothing", b"<p>", 404, "GET", "text/html"))
    assert faults("/account", {"x": 1}) == []
    assert CONFORMANCE.faults(answer("/elsewhere", b"<p>", 200, "GET", "text/html")) == []


def test_what_must_have_no_body_has_none() -> None:
    """204, 304, and whatever answers HEAD."""
    assert faults("/regions", [GOOD], 304) == ["GET /regions 304 has a body"]
    assert faults("/regions", [GOOD], 200, "HEAD") == ["HEAD /regions 200 has a body"]
    assert faults("/oauth/sessions/x", {}, 204, "DELETE") == ["DELETE /oauth/sessions/{name} 204 has a body"]


def test_what_is_asked_for_whole_is_whole() -> None:
    """A reference is no longer enough, on a route that reads the header; elsewhere it stays one."""
    whole = {"accept-expansion": "plan, region"}
    assert faults("/spaces/harbor", {"region": {"id": "x"}}) == []
    assert faults("/spaces/harbor", {"region": GOOD})
    assert faults("/spaces/harbor", {"region": GOOD}, **whole) == []
    assert faults("/spaces/harbor", {"region": {"id": "x"}}, **whole)
    assert faults("/regions/us", GOOD, **whole) == []


def test_what_is_amazons_is_left_alone() -> None:
    """Their clients judge it, in the tests of that half."""
    assert CONFORMANCE.faults(answer("/", b"<Response/>", 400, "POST", "text/xml")) == []
    signed = {"authorization": "AWS4-HMAC-SHA256 Credential=x"}
    assert CONFORMANCE.faults(answer("/bucket", b"<Error/>", 404, "GET", "text/xml", **signed)) == []
    assert CONFORMANCE.faults(answer("/bucket?AWSAccessKeyId=x", b"<Error/>", 403, "GET", "text/xml")) == []


@pytest.mark.parametrize("kind", STATUSES, ids=lambda kind: kind.id)
def test_every_error_that_there_is_has_the_one_shape(kind: type[DomainError]) -> None:
    """Also those that the walk does not come to: what is unavailable, and steps that a state does not allow."""
    words = {AwsError: ("InvalidState", "No."), IllegalStep: ("space", "deleting", "delete")}
    rendered = HEROKU.render(kind(*words.get(kind, ("No.",))))
    assert CONFORMANCE.faults(answer("/account", bytes(rendered.body), rendered.status_code)) == []


def test_what_has_no_error_of_its_own_has_the_one_shape_too() -> None:
    """A bug, a body that is too large, and a thing of a kind that is named."""
    app = FastAPI()
    install(app)

    @app.get("/bug")
    async def bug() -> None:
        raise RuntimeError

    said = TestClient(app, raise_server_exceptions=False).get("/bug")
    assert (said.status_code, said.json()["id"]) == (500, "internal_server_error")
    for rendered in (too_large(), HEROKU.render(NotFound("add_on"))):
        assert CONFORMANCE.faults(answer("/account", bytes(rendered.body), rendered.status_code)) == []


def test_no_test_gets_an_answer_that_does_not_conform() -> None:
    """The client of every test looks at each answer, whoever sends it."""
    app = FastAPI()

    @app.get("/wrong")
    async def wrong() -> Response:
        return Response(b'{"id":"x","message":"y","more":1}', 404, media_type="application/json")

    with pytest.raises(AssertionError, match=r"GET /wrong 404 at /: .*more"):
        TestClient(app).get("/wrong")
