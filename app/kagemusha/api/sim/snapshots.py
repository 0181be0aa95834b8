"""The whole world as one document: taken, and put in the place of another."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from fastapi import Request
from fastapi.responses import Response
from pydantic import AfterValidator, ConfigDict, Field, Strict, field_validator

from kagemusha.api.deps import Text
from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.sim import documents, faults, shapes
from kagemusha.api.sim.common import Worlds, room
from kagemusha.api.sim.fault_bodies import FaultBody
from kagemusha.api.sim.schemas import Body, Delay, Moment, Number
from kagemusha.clock import from_datetime, rfc3339
from kagemusha.domain.delays import LATEST
from kagemusha.domain.states import Machine
from kagemusha.services import clocks, sandboxes, snapshots
from kagemusha.services.context import Context
from kagemusha.services.snapshots import Snapshot
from kagemusha.store.dumps import MOST
from kagemusha.store.happenings import Fault, JournalEntry, Occurrence

VERSION = 3
"""Of the document's form."""
_NOTE = "What the AWS emulator keeps (VPCs, subnets, security groups) is not in this document."
_BIGGEST = 2**63 - 1
router = room("/sandboxes/{name}/snapshot", "history")
Count = Annotated[int, Strict(), Ge(0), Le(2**30)]


def _told(moment: datetime) -> datetime:
    if not 0 <= from_datetime(moment) <= LATEST:
        message = "give a moment of the years 1970 to 9999"
        raise ValueError(message)
    return moment


Happened = Annotated[Moment, AfterValidator(_told)]


class ClockDocument(Body):
    """A clock, of which `next_due_at` is worked out anew."""

    mode: Literal["auto", "manual"]
    now: Happened
    pace: Number
    next_due_at: Happened | None


class Settings(Body):
    """What the sandbox was told: a pace of its own, other delays; and how many faults were ever ordered."""

    pace: Number | None
    delays: dict[Text, Delay]
    faults_made: Count


class TransitionDocument(Body):
    """An entry of the history."""

    kind: Literal["transition"]
    at: Happened
    machine: Machine
    resource: Text
    name: Text
    source: Text | None = Field(alias="from")
    target: Text | None = Field(alias="to")


class OccurrenceDocument(Body):
    """A request, a connection, or a fault that was met, with whatever the journal tells of it."""

    model_config = ConfigDict(extra="allow")

    kind: Literal["request", "fault", "connection"]
    at: Happened


class FaultDocument(FaultBody):
    """A fault, and how often it was met."""

    id: Annotated[Count, Ge(1)]
    hits: Count
    draws: Count


class SnapshotBody(Body):
    """What GET answers. `note` and `exported_at` are for people."""

    version: Annotated[int, Strict()]
    exported_at: Text
    note: Text = ""
    clock: ClockDocument
    seed: Annotated[int, Strict(), Ge(0), Le(_BIGGEST)]
    counter: Annotated[int, Strict(), Ge(0), Le(MOST)]
    settings: Settings
    world: dict[str, Any]
    transitions: list[TransitionDocument]
    faults: list[FaultDocument]
    requests: list[OccurrenceDocument]

    @field_validator("version")
    @classmethod
    def _known(cls, version: int) -> int:
        if version != VERSION:
            age = "older" if version < VERSION else "newer"
            message = f"{version} is {age} than this kagemusha, which reads {VERSION}: take the snapshot again with it"
            raise ValueError(message)
        return version


@router.get("", operation_id="sandbox.snapshot", **answers(documents.Snapshot, 404))
async def snapshot(worlds: Worlds, name: str) -> Response:
    """The world as one document."""
    await worlds.write_all_down()
    async with worlds.reading(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        return reply(document(context, worlds.clock()))


@router.put("", operation_id="sandbox.restore", **answers(documents.Sandbox, 400, 404, 413, 422))
async def restore(request: Request, worlds: Worlds, name: str, body: SnapshotBody) -> Response:
    """Put a world in the place of this one, its clock included; the name, the keys and the account id stay."""
    taken = parsed(body, request.app.state.operations())
    async with worlds.writing(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        snapshots.restore(context, taken, worlds.clock())
    async with worlds.reading(("name", name), begun=True) as context:
        if context is None:
            raise sandboxes.missing(name)
        return reply(shapes.sandbox(request, context.sandbox))


def document(context: Context, exported_at: int) -> documents.Snapshot:
    """The world as one document. What is volatile stands under `exported_at` and `requests` alone."""
    taken = snapshots.export(context)
    return {
        "version": VERSION,
        "exported_at": rfc3339(exported_at),
        "note": _NOTE,
        "clock": shapes.clock(clocks.clock(context)),
        "seed": taken.seed,
        "counter": taken.counter,
        "settings": {"pace": taken.pace, "delays": _spelled(taken.delays), "faults_made": taken.faults_made},
        "transitions": [shapes.transition(each) for each in taken.transitions],
        "world": {name: list(map(dict, rows)) for name, rows in taken.world.items()},
        "faults": [_fault(each) for each in taken.faults],
        "requests": [shapes.occurrence(each) for each in taken.occurrences],
    }


def parsed(body: SnapshotBody, operations: dict[str, frozenset[str]]) -> Snapshot:
    """What a document says. Raises InvalidParams for a fault of an operation that is none."""
    return Snapshot(
        seed=body.seed,
        counter=body.counter,
        mode=body.clock.mode,
        now=from_datetime(body.clock.now),
        pace=body.settings.pace,
        delays=json.dumps(body.settings.delays),
        faults_made=body.settings.faults_made,
        world=body.world,
        transitions=[_entry(each) for each in body.transitions],
        occurrences=[
            Occurrence(0, each.kind, from_datetime(each.at), 0, json.dumps(each.model_extra)) for each in body.requests
        ],
        faults=[_ordered(each, operations) for each in body.faults],
    )


def _entry(told: TransitionDocument) -> JournalEntry:
    at = from_datetime(told.at)
    return JournalEntry(0, told.kind, at, told.machine, told.resource, told.name, told.source, told.target)


def _ordered(body: FaultDocument, operations: dict[str, frozenset[str]]) -> Fault:
    new = faults.asked(body, operations)
    return Fault(
        body.id, new.operation, new.stage, json.dumps(dict(new.match)), json.dumps(dict(new.effect)), new.times,
        new.probability, body.hits, body.draws,
    )  # fmt: skip


def _fault(fault: Fault) -> dict[str, Any]:
    shown: dict[str, Any] = {**faults.shape(fault), "draws": fault.draws}
    del shown["remaining"]
    return shown


def _spelled(delays: str) -> dict[str, object]:
    """Delays as the control API takes them."""
    return {
        stage: "never" if bounds is None else [each / 1_000 for each in bounds]
        for stage, bounds in json.loads(delays).items()
    }
