"""What can be asked next: the links of the OpenAPI documents, from what shows a thing to what else there is of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLACE = re.compile(r"\{([^}]*)\}")
_ITSELF = "$response.body#/"
_ASKED = "$request.path."
_NAME = _ITSELF + "name"

FOLLOWING: Mapping[str, tuple[str, ...]] = {
    "space.create": (f"/spaces/{{{_NAME}}}",),
    "space.update": (f"/spaces/{{{_NAME}}}",),
    "app.create": (f"/apps/{{{_NAME}}}",),
    "app.update": (f"/apps/{{{_NAME}}}",),
    "team_app.create": (f"/apps/{{{_NAME}}}",),
    "team_app.list": (f"/teams/apps/{{{_ITSELF}0/name}}",),
    "release.list": (f"/apps/{{{_ASKED}name}}/releases/{{{_ITSELF}0/version}}",),
    "addon.create": (f"/addons/{{{_NAME}}}", f"/apps/{{{_ASKED}app}}/addons/{{{_NAME}}}"),
    "addon.update": (f"/addons/{{{_NAME}}}", f"/apps/{{{_ASKED}app}}/addons/{{{_NAME}}}"),
    "addon_attachment.create": (
        f"/addon-attachments/{{{_ITSELF}id}}",
        f"/apps/{{{_ITSELF}app/name}}/addon-attachments/{{{_NAME}}}",
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
    "sandbox.create": (f"/_sim/sandboxes/{{{_NAME}}}",),
    "endpoint.create": (f"/_sim/sandboxes/{{{_ASKED}name}}/endpoints/{{{_ITSELF}endpoint_id}}",),
}
"""Where the thing of an operation's answer is: its path, whose parameters are OpenAPI's runtime expressions.

Every operation whose path begins so, and has no further parameter, follows.
"""


def add_links(document: Mapping[str, Any]) -> None:
    """Write the links into the successes of a document's operations."""
    operations = {
        operation["operationId"]: (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
    }
    for source, places in FOLLOWING.items():
        if source in operations:
            _, operation = operations[source]
            links = {link["operationId"]: link for place in places for link in _links(place, source, operations)}
            success = min(status for status in operation["responses"] if status.startswith("2"))
            operation["responses"][success]["links"] = links


def _links(place: str, source: str, operations: Mapping[str, tuple[str, Any]]) -> Iterator[dict[str, Any]]:
    values = _PLACE.findall(place)
    begins = _PLACE.sub("{}", place)
    for target, (path, _) in operations.items():
        shape = _PLACE.sub("{}", path)
        names = _PLACE.findall(path)
        if target != source and len(names) == len(values) and f"{shape}/".startswith(f"{begins}/"):
            yield {"operationId": target, "parameters": dict(zip(names, values, strict=True))}
