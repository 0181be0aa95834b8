"""Where connections come from."""

from typing import Annotated

from fastapi.responses import Response

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers, matching
from kagemusha.api.sim import documents
from kagemusha.api.sim.common import Reading, Writing, room
from kagemusha.api.sim.schemas import SourceBody
from kagemusha.services import sources
from kagemusha.store.records import Source

router = room("/sandboxes/{name}/sources", "sources")
Address = Annotated[str, matching(sources.ADDRESS)]


def shape(source: Source) -> documents.Source:
    """A source."""
    return {
        "address": source.address, "vpc_address": source.vpc_address, "security_group_ids": list(source.groups),
    }  # fmt: skip


@router.get("", operation_id="source.list", **answers(list[documents.Source], 404))
async def list_(context: Reading, name: str) -> Response:
    """All sources, by address."""
    return reply([shape(each) for each in sources.list_sources(context)])


@router.put("/{address}", operation_id="source.set", **answers(documents.Source, 400, 404, 422))
async def set_(context: Writing, name: str, address: Address, body: SourceBody) -> Response:
    """Let who comes from an address in 127.0.0.0/8 have an address, and security groups, in a VPC."""
    return reply(shape(sources.set_source(context, address, body.vpc_address, body.security_group_ids)))


@router.get("/{address}", operation_id="source.info", **answers(documents.Source, 404))
async def info(context: Reading, name: str, address: Address) -> Response:
    """What an address was given."""
    return reply(shape(sources.find_source(context, address)))


@router.delete("/{address}", operation_id="source.delete", **answers(None, 404, status=204))
async def delete(context: Writing, name: str, address: Address) -> Response:
    """Let an address be its own again."""
    sources.delete_source(context, address)
    return Response(status_code=204)
