"""The schemas that Heroku publishes, as JSON Schemas (draft 4) of what each route answers.

The Platform API's is one hyper-schema: resources, and links that say which of them a route answers. The Data API's is a
schema for each route and status. Neither is part of this project: `KAGEMUSHA_TEST_SCHEMAS` names their folder.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

VARIABLE = "KAGEMUSHA_TEST_SCHEMAS"
PLATFORM, DATA = "heroku-platform-api-v3.json", "heroku-data-api.json"

Schema = dict[str, Any]
Route = tuple[str, str]
"""A method, and a path whose parameters are all ``{}``."""

_PARAMETER = re.compile(r"\{\([^)]*\)\}|\{[^}]*\}|:\w+")
_LIMITS = {
    "enum", "format", "maxItems", "maxLength", "minItems", "minimum", "pattern", "required", "type", "uniqueItems",
}  # fmt: skip
"""Keywords that limit a value and hold no schemas."""
_REMARKS = {
    "$schema", "default", "definitions", "deprecated", "description", "example", "links", "readOnly", "readonly",
    "stability", "strictProperties", "title",
}  # fmt: skip
"""Keywords that limit nothing by themselves."""
_SUCCESS = 2
"""Stands for every status that is one: links of the hyper-schema name none."""
_WHOLE = {"addon_service": "add-on-service", "plan": "plan", "region": "region"}
"""What Accept-Expansion names, as resources."""


class Missing(Exception):
    """The schemas are not where the environment says."""


def route(method: str, path: str) -> Route:
    """A route, whichever way its parameters are spelled: ``{name}``, ``:name`` or ``{(%23%2Fdefinitions…)}``."""
    return method.upper(), _PARAMETER.sub("{}", path)


class Published:
    """What routes answer, as Heroku publishes it."""

    def __init__(self, platform: Mapping[str, Any], data: Mapping[str, Any]) -> None:
        """`platform` is the hyper-schema, `data` the schemas by route."""
        self._platform = platform
        self._described: dict[Route, dict[int, list[Schema]]] = {}
        for found, status, schema in (*_links(platform), *_answers(data)):
            known = self._described.setdefault(found, {}).setdefault(status, [])
            if schema not in known:
                known.append(schema)

    @classmethod
    def found(cls) -> Self | None:
        """Those that the environment names, None if it names none. Raises Missing."""
        folder = os.environ.get(VARIABLE)
        if not folder:
            return None
        return cls(_read(Path(folder, PLATFORM)), _read(Path(folder, DATA)))

    def routes(self) -> set[Route]:
        """The routes whose answers are described."""
        return set(self._described)

    def schema(
        self, asked: Route, status: int, whole: frozenset[str] = frozenset(), beside: frozenset[str] = frozenset()
    ) -> Schema | None:
        """What a route's body with this status must be; None where nothing is published.

        `whole` are references that Accept-Expansion replaces by what they refer to, `beside` is what Accept-Inclusion
        adds. Both are known from clients alone.
        """
        described = self._described.get(asked, {})
        found = described.get(status) or (described.get(_SUCCESS) if 200 <= status < 300 else None)
        if found is None:
            return None
        shown = [self._shown(schema, whole, beside) for schema in found]
        return shown[0] if len(shown) == 1 else {"anyOf": shown}

    def _shown(self, schema: Schema, whole: frozenset[str], beside: frozenset[str]) -> Schema:
        plain = self._plain(schema)
        document = plain.get("items", plain)
        properties = document.get("properties", {})
        for name in whole & properties.keys() & _WHOLE.keys():
            properties[name] = self._plain({"$ref": f"#/definitions/{_WHOLE[name]}"})
        if "config_vars" in beside:
            _add(document, "config_vars", self._plain({"$ref": "#/definitions/add-on/definitions/config_vars"}))
        if "addon:plan" in beside:
            reference, _ = self._plain({"$ref": "#/definitions/add-on/definitions/plan"})["anyOf"]
            _add(properties["addon"], "plan", reference)
        return plain

    def _plain(self, schema: Schema | None) -> Schema:
        """A schema without references, remarks and what only the hyper-schema has.

        `strictProperties` is spelled out: exactly these properties. Items that are null may be anything. A `$ref` hides
        what stands beside it, as draft 4 has it. Raises ValueError for a keyword that would go unchecked.
        """
        if schema is None:
            return {}
        if "$ref" in schema:
            return self._plain(self._at(schema["$ref"]))
        plain = {keyword: self._limit(keyword, value) for keyword, value in schema.items() if keyword not in _REMARKS}
        if schema.get("strictProperties"):
            plain |= {"additionalProperties": False, "required": sorted(schema.get("properties", ()))}
        return plain

    def _limit(self, keyword: str, value: Any) -> Any:
        match keyword:
            case "properties" | "patternProperties":
                return {name: self._plain(each) for name, each in value.items()}
            case "anyOf":
                return [self._plain(each) for each in value]
            case "items" | "additionalProperties":
                return value if isinstance(value, bool) else self._plain(value)
            case _ if keyword in _LIMITS:
                return value
        raise ValueError(f"nobody checks the keyword {keyword!r}")

    def _at(self, pointer: str) -> Schema:
        found: Any = self._platform
        for step in pointer.removeprefix("#/").split("/"):
            found = found[step]
        schema: Schema = found
        return schema


def _read(path: Path) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Missing(f"{VARIABLE} names no folder with Heroku's schemas: {path}: {error}") from None
    return said


def _links(platform: Mapping[str, Any]) -> Iterator[tuple[Route, int, Schema]]:
    """What every link of the hyper-schema that says so answers."""
    for resource in platform["definitions"].values():
        for link in resource.get("links", ()):
            if "targetSchema" in link:
                yield route(link["method"], link["href"]), _SUCCESS, link["targetSchema"]


def _answers(data: Mapping[str, Any]) -> Iterator[tuple[Route, int, Schema]]:
    """What every route of the Data API answers with each status."""
    for key, described in data.items():
        for status, schema in described["responses"].items():
            yield route(*key.split(" ")), int(status), schema


def _add(document: Schema, name: str, schema: Schema) -> None:
    """Make `name` a property that a document has."""
    document["properties"][name] = schema
    document["required"] = [*document["required"], name]
