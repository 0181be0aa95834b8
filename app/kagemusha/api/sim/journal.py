"""What happened, in order: read at once, waited for, or followed as a stream of events."""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import WithJsonSchema

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers, request_header
from kagemusha.api.sim import documents, shapes
from kagemusha.api.sim.common import Limit, Worlds, room
from kagemusha.clock import elapsed
from kagemusha.domain.errors import InvalidParams, NotFound, Unavailable
from kagemusha.services import journals, sandboxes
from kagemusha.services.transactions import Transactions

LONGEST_WAIT = 60
"""Seconds."""
LOOK_AGAIN = 0.25
"""Seconds after which what other processes wrote is looked for."""
HEARTBEAT = 15
"""Seconds after which a stream that has nothing to tell says so, so that nobody takes it for dead."""
STREAM = "text/event-stream"
_EVENT = ': follows the journal\n\nid: 17\nevent: request\ndata: {"seq":17,"kind":"request"}\n\n'
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT)]
After = Annotated[int, Query(json_schema_extra={"minimum": 0, "exclusiveMaximum": journals.SEQUENCE_NUMBERS})]
Kind = Annotated[str | None, WithJsonSchema({"type": "string", "enum": list(journals.KINDS)})]
Entries = Sequence[dict[str, object]]

router = room("/sandboxes/{name}/journal", "history")
_LAST = request_header("Last-Event-ID", "Where a stream goes on: the number of the last entry that arrived", "17")


_ANSWERS = answers(documents.Journal, 404, 422, header=_LAST)
_ANSWERS["responses"][200] = {"content": {STREAM: {"schema": {"type": "string"}, "example": _EVENT}}}


@router.get("", operation_id="sandbox.journal", **_ANSWERS)
async def journal(
    request: Request, worlds: Worlds, name: str, after: After = 0, limit: Limit = 100, kind: Kind = None,
    wait: Wait = 0,
) -> Response:  # fmt: skip
    """What happened, in order. With `wait` it answers when there is something, or after so many seconds.

    `Accept: text/event-stream` follows the journal: each entry is an event, its number the id, its kind the name.
    """
    if STREAM in request.headers.get("accept", ""):
        after = _resumed(request.headers.get("last-event-id"), after)
        first = await _read(worlds, name, after, limit, kind)
        return StreamingResponse(_stream(worlds, name, after, limit, kind, first), media_type=STREAM)
    until = elapsed() + wait
    found = await _read(worlds, name, after, limit, kind)
    while not found and (left := until - elapsed()) > 0:
        await worlds.news(min(left, LOOK_AGAIN))
        found = await _read(worlds, name, after, limit, kind)
    return reply({"entries": found, "next_after": found[-1]["seq"] if found else after})


def _resumed(last: str | None, after: int) -> int:
    if last is None:
        return after
    if not last.isdecimal() or len(last) > len(str(journals.SEQUENCE_NUMBERS)):
        raise InvalidParams("Last-Event-ID must be the id of an event of this stream.")
    return int(last)


async def _read(worlds: Transactions, name: str, after: int, limit: int, kind: str | None) -> Entries:
    async with worlds.reading(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        number = context.sandbox.id
        if not worlds.requests.of(number):
            return [shapes.entry(context, each) for each in journals.entries(context, after, limit, kind)]
    await worlds.write_down(number)
    async with worlds.reading(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        return [shapes.entry(context, each) for each in journals.entries(context, after, limit, kind)]


async def _stream(
    worlds: Transactions, name: str, after: int, limit: int, kind: str | None, found: Entries
) -> AsyncIterator[str]:
    """Entries as server-sent events, until the client goes away or the sandbox does."""
    yield ": follows the journal\n\n"
    quiet = elapsed()
    while True:
        for entry in found:
            yield f"id: {entry['seq']}\nevent: {entry['kind']}\ndata: {json.dumps(entry)}\n\n"
        if found:
            after, quiet = int(str(found[-1]["seq"])), elapsed()
        elif elapsed() - quiet > HEARTBEAT:
            yield ": nothing yet\n\n"
            quiet = elapsed()
        else:
            await worlds.news(LOOK_AGAIN)
        try:
            found = await _read(worlds, name, after, limit, kind)
        except Unavailable:
            # The client would only come again: the outage is waited out.
            found = []
        except NotFound:
            return
