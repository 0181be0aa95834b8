"""The OpenAPI documents, one for each room: ``python -m kagemusha.openapi [DIRECTORY]`` writes them."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI

from kagemusha import __version__, examples
from kagemusha.api import heroku_platform, sim
from kagemusha.api.dialect import routes_within
from kagemusha.api.heroku_data import room as heroku_data
from kagemusha.api.links import add_links

_SERVER = {"url": "http://127.0.0.1:8765", "description": "kagemusha serve"}
_LICENSE = {"name": "MIT", "identifier": "MIT"}
_KEY = "A key that POST /_sim/sandboxes gave"
_HEROKU: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": _KEY},
    "basic": {"type": "http", "scheme": "basic", "description": f"{_KEY}, as the password of any user or of none"},
}
_ADMIN: dict[str, dict[str, Any]] = {
    "admin_token": {
        "type": "http",
        "scheme": "bearer",
        "description": "KAGEMUSHA_ADMIN_TOKEN of the server; a server that only its own machine can reach needs none",
    },
}
_HEADERS: dict[str, dict[str, Any]] = {
    "Request-Id": {"description": "Names this answer", "schema": {"type": "string", "format": "uuid"}},
    "RateLimit-Remaining": {"description": "Requests that are left", "schema": {"type": "integer", "minimum": 0}},
}
"""What every answer has."""
_PLATFORM_ACCEPT = "Every request needs `Accept: application/vnd.heroku+json; version=3` (or a variant of version 3)."

TAGS = {
    "identity": "Who is calling, and the team",
    "catalogue": "What there is to choose from",
    "spaces": "Private and Shield Spaces",
    "apps": "Apps, their config vars and their releases",
    "add-ons": "Add-ons and their attachments",
    "privatelink": "Privatelinks and who may connect through them",
    "redis": "Redis add-ons, their settings and their password",
    "postgres": "Postgres add-ons and their credentials",
    "kafka": "Kafka add-ons",
    "maintenance": "Maintenance of data add-ons",
    "sandboxes": "Worlds of their own",
    "clock": "A sandbox's time",
    "history": "What happened and what will",
    "endpoints": "VPC endpoints without an AWS client",
    "sources": "Where connections come from",
}


def _document(
    router: APIRouter, title: str, description: str, schemes: Mapping[str, Any], *, optional: bool = False
) -> dict[str, Any]:
    app = FastAPI(title=title, version=__version__, description=description, license_info=_LICENSE, servers=[_SERVER])
    app.router.routes.extend(route.described() for route in routes_within(router.routes))
    document = app.openapi()
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    refused: dict[str, Any] = {}
    for operation in operations:
        operation["responses"] = _answers(operation["responses"], refused)
    add_links(document)
    used = {tag for operation in operations for tag in operation.get("tags", ())}
    document["tags"] = [{"name": name, "description": said} for name, said in TAGS.items() if name in used]
    document["components"]["headers"] = {name: {**said, "required": True} for name, said in _HEADERS.items()}
    document["components"]["responses"] = refused
    document["components"]["securitySchemes"] = dict(schemes)
    document["security"] = [{name: []} for name in schemes] + ([{}] if optional else [])
    return document


def _answers(answers: Mapping[str, Any], refused: dict[str, Any]) -> dict[str, Any]:
    """The answers of an operation, with the headers that all have. Refusals go to `refused`, and are referred to."""
    said: dict[str, Any] = {}
    for status, answer in answers.items():
        if status == "default":
            continue
        headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS} | answer.get("headers", {})
        said[status] = {**answer, "headers": headers}
        if status >= "4":
            refused[status], said[status] = said[status], {"$ref": f"#/components/responses/{status}"}
    return said


def documents() -> dict[str, dict[str, Any]]:
    """The documents by the names of their files."""
    described = {
        "heroku-platform.json": _document(
            heroku_platform.router, "Heroku Platform API v3, as kagemusha simulates it", _PLATFORM_ACCEPT, _HEROKU
        ),
        "heroku-data.json": _document(
            heroku_data.router,
            "Heroku Data API, as kagemusha simulates it",
            "Redis, Postgres and Kafka add-ons and their PrivateLink. `name` is an add-on's name or id.",
            _HEROKU,
        ),
        "simulator.json": _document(
            sim.router,
            "The control API of kagemusha",
            "What steers a simulated world: sandboxes, clocks, endpoints and history.",
            _ADMIN,
            optional=True,
        ),
    }
    examples.illustrate(described)
    return described


def spelled(document: Mapping[str, Any]) -> str:
    """A document as it stands in its file."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def write(directory: Path) -> None:
    """Write the documents into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, document in documents().items():
        (directory / name).write_text(spelled(document), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "openapi"))
