"""What will happen: asked for, held, released and stepped."""

from fastapi.responses import Response

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.sim import documents, shapes
from kagemusha.api.sim.common import Limit, Reading, Writing, room
from kagemusha.clock import rfc3339
from kagemusha.services import clocks
from kagemusha.services import pending as waiting

router = room("/sandboxes/{name}", "history")


@router.get("/pending", operation_id="sandbox.pending", **answers(documents.Forecast, 404, 422))
async def pending(context: Reading, name: str, limit: Limit = 100) -> Response:
    """What will happen, and when."""
    shown: documents.Forecast = {
        "now": rfc3339(context.now),
        "pending": [shapes.pending(each) for each in waiting.pending(context, limit)],
    }
    return reply(shown)


@router.post("/pending/{resource}/hold", operation_id="pending.hold", **answers(documents.Pending, 404))
async def hold(context: Writing, name: str, resource: str) -> Response:
    """Keep a thing in its state until it is released."""
    return reply(shapes.pending(waiting.hold(context, resource)))


@router.post("/pending/{resource}/release", operation_id="pending.release", **answers(documents.Pending, 404))
async def release(context: Writing, name: str, resource: str) -> Response:
    """Let a thing go on that is held: it falls due after what was left of its delay."""
    return reply(shapes.pending(waiting.release(context, resource)))


@router.post("/pending/{resource}/step", operation_id="pending.step", **answers(documents.Advanced, 404))
async def step(context: Writing, name: str, resource: str) -> Response:
    """Let what is pending for one thing happen now, and nothing else."""
    fired = waiting.step(context, resource)
    shown: documents.Advanced = {
        "now": rfc3339(context.now),
        "fired": len(fired),
        "transitions": [shapes.fired(each) for each in fired[: clocks.SHOWN]],
    }
    return reply(shown)
