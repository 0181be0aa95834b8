"""The examples of the OpenAPI documents: what a small world answered when its operations were called in turn.

Nothing in them is random: the world has a seed, its time stands, and keys and secrets, which are drawn, are blotted
out.
"""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from kagemusha.main import create_app
from kagemusha.settings import Settings

_URL = "http://127.0.0.1:8765"
_BEGAN = 1_893_456_000_000
"""2030-01-01T00:00:00Z, in milliseconds."""
_HEADERS = {"Accept": "application/vnd.heroku+json; version=3", "Authorization": "Bearer any"}
_BLOTS = (
    (re.compile(r"HRKU-KGM-[0-9a-f]{32}"), "HRKU-KGM-" + "0" * 32),
    (re.compile(r"AKIAKGM[0-9A-Z]{13}"), "AKIAKGM" + "0" * 13),
    (re.compile(r'(?<=secret_access_key":")[^"]+', re.IGNORECASE), "0" * 40),
    (re.compile(r'(?<="duration":)[0-9.e-]+'), "0.001"),
)
_LONGEST = 2
"""How much of a list is shown."""
_NAMES = {
    "addon-services": "heroku-redis",
    "apps": "ferry",
    "apps/addon-attachments": "REDIS",
    "authorizations": "~",
    "credentials": "default",
    "faults": "1",
    "plans": "heroku-redis:private-7",
    "regions": "virginia",
    "releases": "1",
    "sandboxes": "default",
    "sources": "127.0.0.2",
    "spaces": "harbor",
    "teams": "kagemusha",
    "users": "~",
}
"""What stands in a path for a parameter, by the part before it, or by the first part of the path and that."""


@dataclass(frozen=True, slots=True)
class Example:
    """What a call sent, None without a body, and what it was answered, None without one."""

    sent: Any
    answered: Any


_COUPLING = {
    "app": {"id": "01234567-89ab-cdef-0123-456789abcdef"},
    "created_at": "2012-01-01T12:00:00Z",
    "id": "01234567-89ab-cdef-0123-456789abcdef",
    "pipeline": {"id": "01234567-89ab-cdef-0123-456789abcdef"},
    "stage": "production",
    "updated_at": "2012-01-01T12:00:00Z",
}
_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIBkzCCATmgAwIBAgIUexample\n-----END CERTIFICATE-----\n"
_VARIABLE = {"name": "MAXMEMORY", "value": "noeviction"}
_NEVER = {
    "data_plane.authority": Example(None, {"certificate": _CERTIFICATE}),
    "addon_config.update": Example({"config": [_VARIABLE]}, [_VARIABLE]),
    "oauth_session.delete": Example(None, None),
    "pipeline_coupling.info_by_app": Example(None, _COUPLING),
}
"""Operations that succeed with Heroku, or with a data plane, and never here."""


class _Walk:
    """A world that is called, and what it answered first, by operation."""

    def __init__(self, client: httpx.AsyncClient, operations: Mapping[str, tuple[str, str]]) -> None:
        self.client = client
        self.operations = operations
        self.names = dict(_NAMES)
        self.examples = dict(_NEVER)

    async def call(self, operation: str, body: object = None, **names: str) -> Any:
        """Call an operation, which must succeed; `names` stand in its path for once."""
        method, path = self.operations[operation]
        answer = await self.client.request(method, self._filled(path, names), json=body)
        if not answer.is_success:
            raise RuntimeError(f"{operation} has no example: {answer.text}")
        text = answer.text
        for chance, blot in _BLOTS:
            text = chance.sub(blot, text)
        said = json.loads(text) if text else None
        self.examples.setdefault(operation, Example(body, said[:_LONGEST] if isinstance(said, list) else said))
        return said

    def _filled(self, path: str, names: dict[str, str]) -> str:
        known = self.names | names
        parts = path.split("/")
        for place, part in enumerate(parts):
            if part.startswith("{"):
                before = parts[place - 1]
                parts[place] = known.get(f"{parts[1]}/{before}") or known[before]
        return "/".join(parts)


async def _begin(walk: _Walk) -> None:
    """A space with an app, add-ons of each service, and one in an app of its own."""
    await walk.call("sandbox.create", {"name": "ci", "seed": 7, "clock": "manual", "now": "2030-01-01T00:00:00Z"})
    await walk.call("space.create", {"name": "harbor", "team": "kagemusha", "region": "virginia"})
    await walk.call("sandbox.pending")
    await walk.call("clock.advance", {"seconds": 600})
    await walk.call("team_app.create", {"name": "ferry", "space": "harbor"})
    await walk.call("sandbox.journal")
    await walk.call("sandbox.snapshot")
    await walk.call("app.create", {"name": "tender", "region": "us"})
    redis = await walk.call("addon.create", {"plan": "heroku-redis:private-7", "attachment": {"name": "REDIS"}})
    postgres = await walk.call("addon.create", {"plan": "heroku-postgresql:private-4"})
    kafka = await walk.call("addon.create", {"plan": "heroku-kafka:private-standard-2"})
    spare = await walk.call("addon.create", {"plan": "heroku-redis:mini"}, apps="tender")
    walk.names |= {"addons": redis["name"], "databases": redis["name"], "v1": redis["name"], "clusters": kafka["name"]}
    walk.names |= dict.fromkeys(("client/databases", "postgres/databases"), postgres["name"])
    await walk.call("addon.provision")
    await walk.call("addon.deprovision", addons=spare["name"])
    await walk.call("clock.advance", {"until": "idle"})


async def _connect(walk: _Walk) -> None:
    """The add-on's privatelink, and an endpoint that is connected; the settings that reading shows."""
    attachment = {"addon": walk.names["addons"], "app": "tender", "name": "CACHE"}
    attached = await walk.call("addon_attachment.create", attachment)
    walk.names["addon-attachments"] = attached["id"]
    await walk.call("config_var.update", {"GREETING": "hello", "FAREWELL": None})
    await walk.call("buildpack_installation.update", {"updates": [{"buildpack": "heroku/ruby"}]})
    await walk.call("redis.configure", {"maxmemory_policy": "allkeys-lru", "timeout": 60})
    await walk.call("redis.maintenance.window", {"description": "Tuesday 14:30"})
    await walk.call("postgres.maintenance.window", {"description": "Sunday 03:00"})
    await walk.call("privatelink.create", {"allowed_accounts": ["123456789101:user/abc.xyz"]})
    await walk.call("clock.advance", {"until": "idle"})
    link = await walk.call("privatelink.access.add", {"allowed_accounts": ["123456789101"]})
    wanted = {"service_name": link["service_name"]}
    walk.names["endpoints"] = (await walk.call("endpoint.create", wanted))["endpoint_id"]
    await walk.call("endpoint.accept")
    await walk.call("data_plane.info")
    await walk.call("source.set", {"vpc_address": "10.0.1.20", "security_group_ids": ["sg-0123456789abcdef0"]})
    await walk.call("clock.advance", {"until": "idle"})


async def _steer(walk: _Walk) -> None:
    """What a test does to the world: faults, and steps one by one; then the world is as it was."""
    before = await walk.call("sandbox.snapshot")
    await walk.call("fault.create", {"operation": "app.info", "effect": {"status": 503}, "times": 2})
    await walk.call("fault.list")
    await walk.call("fault.info")
    await walk.call("fault.delete")
    await walk.call("fault.clear")
    space = await walk.call("space.create", {"name": "marina", "team": "kagemusha"})
    walk.names["pending"] = space["id"]
    for operation in ("pending.hold", "pending.release", "pending.step"):
        await walk.call(operation)
    await walk.call("sandbox.restore", before)


async def _read(walk: _Walk) -> None:
    """All that can be looked at."""
    for operation, (method, _) in walk.operations.items():
        if method == "get" and operation not in walk.examples:
            await walk.call(operation)


async def _change(walk: _Walk) -> None:
    """What changes a thing, and leaves it there."""
    await walk.call("addon.resolve", {"addon": "REDIS_URL", "app": "ferry"})
    await walk.call("addon_attachment.resolve", {"addon_attachment": "REDIS", "app": "ferry"})
    await walk.call("addon.update", {"plan": "heroku-redis:private-9"})
    await walk.call("app.update", {"maintenance": True})
    await walk.call("team_app.update", {"locked": True})
    await walk.call("space.update", {"name": "haven"})
    await walk.call("redis.upgrade", {"version": "8.1"})
    await walk.call("aws_credentials.create", {"principal": "123456789101:role/deploy"})
    await walk.call("clock.update", {"mode": "manual", "pace": 60})
    for operation in (
        "acm.enable", "acm.refresh", "acm.disable", "redis.credentials.rotate", "redis.maintenance.run",
        "redis.stats.reset", "postgres.maintenance.run", "postgres.credentials.rotate",
        "postgres.credentials.rotate_all",
    ):  # fmt: skip
        await walk.call(operation)


async def _end(walk: _Walk) -> None:
    """What takes a thing away."""
    walk.names["spaces"] = "haven"
    await walk.call("privatelink.access.remove", {"allowed_accounts": ["123456789101"]})
    for operation in (
        "endpoint.reject", "endpoint.delete", "source.delete", "privatelink.destroy", "addon_attachment.delete",
        "addon.delete", "app.delete", "space.delete", "sandbox.reset",
    ):  # fmt: skip
        await walk.call(operation)
    await walk.call("sandbox.delete", sandboxes="ci")


async def _walked(operations: Mapping[str, tuple[str, str]]) -> dict[str, Example]:
    settings = Settings.model_construct(ephemeral=True, clock="manual", ticks=False)
    app = create_app(settings, lambda: _BEGAN)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=_URL, headers=_HEADERS, trust_env=False) as client,
    ):
        walk = _Walk(client, operations)
        for part in (_begin, _connect, _steer, _read, _change, _end):
            await part(walk)
        return walk.examples


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The operations of a document: method, path and description."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def illustrate(documents: Mapping[str, dict[str, Any]]) -> None:
    """Put an example beside each body that the documents describe, but for those of errors, where there is none.

    Raises LookupError for an operation that nothing calls, RuntimeError for one that is refused.
    """
    described = [each for document in documents.values() for each in _operations(document)]
    told = {operation["operationId"]: (method, path) for method, path, operation in described}
    examples = asyncio.run(_walked(told))
    if missing := sorted(told.keys() - examples.keys()):
        raise LookupError(f"There is no example of {', '.join(missing)}: call what is new in {__name__}.")
    for _, _, operation in described:
        example = examples[operation["operationId"]]
        for media in operation.get("requestBody", {}).get("content", {}).values():
            media["example"] = example.sent
        for status, answer in operation["responses"].items():
            for media in answer.get("content", {}).values() if status.startswith("2") else ():
                media.setdefault("example", example.answered[:1] if status == "206" else example.answered)
