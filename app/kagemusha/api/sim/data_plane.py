"""The data plane: where data stores are reached, and whose certificates they have."""

from typing import cast

from fastapi.responses import Response

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.sim import documents
from kagemusha.api.sim.common import Reading, Worlds, room
from kagemusha.domain.errors import NotFound
from kagemusha.services import sandboxes

router = room("/sandboxes/{name}/data-plane", "data plane")
_OFF: documents.DataPlane = {
    "on": False, "endpoint_host": "dns", "doors": [], "problems": {}, "connected": 0, "open": 0, "refused": {},
    "bytes_received": 0, "bytes_sent": 0,
}  # fmt: skip


@router.get("", operation_id="data_plane.info", **answers(documents.DataPlane, 404))
async def info(context: Reading, name: str) -> Response:
    """The doors of the data stores, open and closed, and what has come through them since the server started."""
    plane = context.data_plane
    if plane is None:
        return reply(_OFF)
    return reply(cast("documents.DataPlane", {"on": True, **plane.report(context.sandbox.id)}))


@router.get("/authority", operation_id="data_plane.authority", **answers(documents.Authority, 404))
async def authority(worlds: Worlds, name: str) -> Response:
    """The certificate of the authority that the doors of this sandbox have theirs from: what clients can trust."""
    async with worlds.reading(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        sandbox = context.sandbox
    if worlds.data_plane is None:
        message = "There is no data plane, and so no certificate: start the server with --data-plane."
        raise NotFound("authority", message)
    shown: documents.Authority = {"certificate": await worlds.data_plane.authority(sandbox)}
    return reply(shown)
