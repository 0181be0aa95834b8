"""What can be asked next: the links of the OpenAPI documents, from what shows a thing to what else there is of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLACE = re.compile(r"\{([^}]*)\}")
_ITSELF = "$response.body#/"
_ASKED = "$request.path."
_ID = _ITSELF + "id"

FOLLOWING: Mapping[str, tuple[str, ...]] = {
    "space.create": (f"/spaces/{{{_ID}}}",),
    "space.update": (f"/spaces/{{{_ID}}}",),
    "app.create": (f"/apps/{{{_ID}}}",),
    "app.update": (f"/apps/{{{_ID}}}",),
    "team_app.create": (f"/apps/{{{_ID}}}",),
    "team_app.list": (f"/teams/apps/{{{_ITSELF}0/id}}",),
    "release.list": (f"/apps/{{{_ASKED}name}}/releases/{{{_ITSELF}0/version}}",),
    "addon.create": (f"/addons/{{{_ID}}}", f"/apps/{{{_ASKED}app}}/addons/{{{_ID}}}"),
    "addon.update": (f"/addons/{{{_ID}}}", f"/apps/{{{_ASKED}app}}/addons/{{{_ID}}}"),
    "addon_attachment.create": (
        f"/addon-attachments/{{{_ID}}}",
        f"/apps/{{{_ITSELF}app/id}}/addon-attachments/{{{_ID}}}",
    ),
    "privatelink.create": (f"/private-link/v0/databases/{{{_ASKED}name}}",),
    "privatelink.access.add": (f"/private-link/v0/databases/{{{_ASKED}name}}",),
    "redis.configure": (f"/redis/v0/databases/{{{_ASKED}name}}",),
    "redis.credentials.rotate": (f"/redis/v0/databases/{{{_ASKED}name}}",),
    "redis.maintenance.window": (f"/data/maintenances/v1/{{{_ASKED}name}}", f"/redis/v0/databases/{{{_ASKED}name}}"),
    "postgres.credentials.rotate_all": (
        f"/client/v11/databases/{{{_ASKED}name}}",
        f"/postgres/v0/databases/{{{_ASKED}name}}/credentials",
    ),
    "postgres.maintenance.window": (
        f"/data/maintenances/v1/{{{_ASKED}name}}",
        f"/client/v11/databases/{{{_ASKED}name}}",
    ),
    "kafka.wait_status": (f"/data/kafka/v0/clusters/{{{_ASKED}name}}",),
    "sim.health": ("/_sim/sandboxes",),
    "sandbox.list": (f"/_sim/sandboxes/{{{_ITSELF}0/name}}",),
    "sandbox.create": (f"/_sim/sandboxes/{{{_ITSELF}name}}",),
    "sandbox.pending": (f"/_sim/sandboxes/{{{_ASKED}name}}/pending/{{{_ITSELF}pending/0/resource}}",),
    "fault.create": (f"/_sim/sandboxes/{{{_ASKED}name}}/faults/{{{_ID}}}",),
    "source.set": (f"/_sim/sandboxes/{{{_ASKED}name}}/sources/{{{_ITSELF}address}}",),
    "endpoint.create": (f"/_sim/sandboxes/{{{_ASKED}name}}/endpoints/{{{_ITSELF}endpoint_id}}",),
}
"""Where the thing of an operation's answer is: its path, whose parameters are OpenAPI's runtime expressions.

Every operation whose path begins so, and has no further parameter, follows. Ids are given: names can be changed.
"""
EMPTYING = {"acm.disable", "fault.clear", "sandbox.reset", "sandbox.restore"}
"""Operations that follow nothing: they take away what a thing has, and what is new has nothing yet."""


def add_links(document: Mapping[str, Any]) -> None:
    """Write the links into the successes of a document's operations."""
    sources = {
        operation["operationId"]: operation for methods in document["paths"].values() for operation in methods.values()
    }
    targets = {
        operation["operationId"]: path
        for path, methods in document["paths"].items()
        for operation in methods.values()
        if operation["operationId"] not in EMPTYING
    }
    for source, places in FOLLOWING.items():
        if source in sources:
            operation = sources[source]
            links = {link["operationId"]: link for place in places for link in _links(place, source, targets)}
            success = min(status for status in operation["responses"] if status.startswith("2"))
            operation["responses"][success]["links"] = links


def _links(place: str, source: str, targets: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    values = _PLACE.findall(place)
    begins = _PLACE.sub("{}", place)
    for target, path in targets.items():
        shape = _PLACE.sub("{}", path)
        names = _PLACE.findall(path)
        if target != source and len(names) == len(values) and f"{shape}/".startswith(f"{begins}/"):
            yield {"operationId": target, "parameters": dict(zip(names, values, strict=True))}
