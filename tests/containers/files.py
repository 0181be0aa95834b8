"""The Dockerfile and docker-compose.yml as a container engine reads them."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
COMPOSE = ROOT / "docker-compose.yml"
IGNORED = ROOT / ".dockerignore"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+):(?P<kind>[-?])(?P<text>[^}]*)\}")


@dataclass
class Image:
    """What a container of the last stage is started with."""

    env: dict[str, str] = field(default_factory=dict)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    user: str = "root"
    exposed: str = ""


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, each with the rest of its line."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", "")
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in joined.splitlines()]


def image() -> Image:
    """The last stage."""
    found = Image()
    for name, rest in instructions():
        match name:
            case "FROM":
                found = Image()
            case "ENV":
                found.env |= dict(pair.split("=", 1) for pair in rest.split())
            case "ENTRYPOINT":
                found.entrypoint = json.loads(rest)
            case "CMD":
                found.command = json.loads(rest)
            case "HEALTHCHECK":
                found.health = json.loads(rest.partition(" CMD ")[2])
            case "USER":
                found.user = rest
            case "EXPOSE":
                found.exposed = rest
    return found


class Missing(Exception):
    """A variable that must be set isn't; the message is what the engine prints."""


def compose(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The services by name, with the variables of `environment` put in. Raises Missing."""

    def value(match: re.Match[str]) -> str:
        if given := environment.get(match["name"]):
            return given
        if match["kind"] == "?":
            raise Missing(f"required variable {match['name']} is missing a value: {match['text']}")
        return match["text"]

    found: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(value, COMPOSE.read_text()))["services"]
    return found
