"""What happened, what will happen, and the whole world as one document."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import Response
from pydantic import WithJsonSchema

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.sim import documents, shapes
from kagemusha.api.sim.common import Reading, Worlds, room
from kagemusha.clock import rfc3339
from kagemusha.services import journals

router = room("/sandboxes/{name}", "history")
Limit = Annotated[int, Query(json_schema_extra={"minimum": 1, "maximum": journals.MOST})]
After = Annotated[int, Query(json_schema_extra={"minimum": 0, "exclusiveMaximum": journals.SEQUENCE_NUMBERS})]
Kind = Annotated[str | None, WithJsonSchema({"type": "string", "enum": list(journals.KINDS)})]


@router.get("/pending", operation_id="sandbox.pending", **answers(documents.Forecast, 404, 422))
async def pending(context: Reading, name: str, limit: Limit = 100) -> Response:
    """What will happen, and when."""
    due = journals.pending(context, limit)
    shown: documents.Forecast = {"now": rfc3339(context.now), "pending": [shapes.pending(each) for each in due]}
    return reply(shown)


@router.get("/journal", operation_id="sandbox.journal", **answers(documents.Journal, 404, 422))
async def journal(context: Reading, name: str, after: After = 0, limit: Limit = 100, kind: Kind = None) -> Response:
    """What happened, in order."""
    found = journals.entries(context, after, limit, kind)
    told: list[documents.Transition] = [
        {"seq": each.seq, "sandbox": context.sandbox.name, **shapes.transition(each)} for each in found
    ]
    shown: documents.Journal = {"entries": told, "next_after": found[-1].seq if found else after}
    return reply(shown)


@router.get("/snapshot", operation_id="sandbox.snapshot", **answers(documents.Snapshot, 404))
async def snapshot(context: Reading, worlds: Worlds, name: str) -> Response:
    """The world as one document."""
    return reply(shapes.snapshot(context, context.store.export(), worlds.clock()))
