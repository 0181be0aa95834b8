"""A sandbox's clock."""

from fastapi.responses import Response

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.sim import documents, shapes
from kagemusha.api.sim.common import Reading, Worlds, room
from kagemusha.api.sim.schemas import AdvanceBody, ClockBody, milliseconds, moment
from kagemusha.clock import rfc3339
from kagemusha.services import clocks, sandboxes

router = room("/sandboxes/{name}/clock", "clock")


@router.get("", operation_id="clock.info", **answers(documents.Clock, 404))
async def info(context: Reading, name: str) -> Response:
    """The clock."""
    return reply(shapes.clock(clocks.clock(context)))


@router.patch("", operation_id="clock.update", **answers(documents.Clock, 400, 404, 422))
async def update(worlds: Worlds, name: str, body: ClockBody) -> Response:
    """Freeze the clock, let it run, or change its pace."""
    async with worlds.writing(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        clocks.set_clock(context, worlds.clock(), body.mode, body.pace)
    async with worlds.reading(("name", name), begun=True) as context:
        if context is None:
            raise sandboxes.missing(name)
        return reply(shapes.clock(clocks.clock(context)))


@router.post("/advance", operation_id="clock.advance", **answers(documents.Advanced, 400, 404, 409, 422))
async def advance(worlds: Worlds, name: str, body: AdvanceBody) -> Response:
    """Move the clock; everything due has happened when it answers."""
    key = ("name", name)
    if body.until is not None:
        result = await clocks.advance_until(worlds, key, idle=body.until == "idle")
    else:
        by = None if body.seconds is None else milliseconds(body.seconds)
        result = await clocks.advance_to(worlds, key, by=by, to=moment(body.to))
    shown: documents.Advanced = {
        "now": rfc3339(result.now),
        "fired": result.fired,
        "transitions": [shapes.fired(each) for each in result.transitions[: clocks.SHOWN]],
    }
    return reply(shown)
