"""Faults: trouble on demand."""

import json
import re
from typing import Annotated

from fastapi import Path, Request
from fastapi.responses import Response

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.sim import documents
from kagemusha.api.sim.common import Reading, Writing, room
from kagemusha.api.sim.fault_bodies import FaultBody
from kagemusha.domain import faults as domain
from kagemusha.domain.connections import OPERATIONS
from kagemusha.domain.errors import InvalidParams
from kagemusha.services import faults
from kagemusha.services.faults import NewFault
from kagemusha.store.happenings import Fault

router = room("/sandboxes/{name}/faults", "faults")
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
_OF_AWS = re.compile(r"(?:ec2|sts|iam|s3)\.[A-Z][A-Za-z]{2,80}", re.ASCII)


def shape(fault: Fault) -> documents.Fault:
    """A fault, as it was ordered, and how often it was met."""
    shown: documents.Fault = {
        "id": fault.id,
        "effect": json.loads(fault.effect),
        "match": json.loads(fault.match),
        "times": fault.times,
        "probability": fault.probability,
        "hits": fault.hits,
        "remaining": fault.remaining,
    }
    if fault.operation is not None:
        shown["operation"] = fault.operation
    if fault.stage is not None:
        shown["stage"] = fault.stage
    return shown


def asked(body: FaultBody, operations: dict[str, frozenset[str]]) -> NewFault:
    """The fault that a body orders. `operations` has what a `match` may name of each operation of Heroku's APIs.

    Raises InvalidParams for an operation that is none, or a `match` that it can't have.
    """
    if body.operation is not None and not _OF_AWS.fullmatch(body.operation):
        faults.check_operation(body.operation, frozenset(operations))
        known = _names_of(body.operation, operations)
        unknown = sorted(set(body.match) - known)
        if unknown and body.operation != domain.EVERY:
            message = f"match can't name {', '.join(unknown)}: {body.operation} has {', '.join(sorted(known))}."
            raise InvalidParams(message)
    effect = body.effect.model_dump(exclude_unset=True)
    new = NewFault(body.operation, body.stage, effect, body.match, body.times, body.probability)
    faults.check_stage(new)
    return new


def _names_of(operation: str, operations: dict[str, frozenset[str]]) -> frozenset[str]:
    """What a `match` may name."""
    if operation in OPERATIONS.values():
        return frozenset(domain.CONNECTION_MATCHES)
    return operations.get(operation, frozenset().union(*operations.values())) | {"path"}


@router.post("", operation_id="fault.create", **answers(documents.Fault, 400, 404, 422, status=201))
async def create(request: Request, context: Writing, name: str, body: FaultBody) -> Response:
    """Order a fault."""
    return reply(shape(faults.create_fault(context, asked(body, request.app.state.operations()))), 201)


@router.get("", operation_id="fault.list", **answers(list[documents.Fault], 404))
async def list_(context: Reading, name: str) -> Response:
    """All faults, with how often each was met and how often it still may be."""
    return reply([shape(each) for each in faults.list_faults(context)])


@router.get("/{number}", operation_id="fault.info", **answers(documents.Fault, 404, 422))
async def info(context: Reading, name: str, number: Number) -> Response:
    """One fault."""
    return reply(shape(faults.find_fault(context, number)))


@router.delete("/{number}", operation_id="fault.delete", **answers(None, 404, 422, status=204))
async def delete(context: Writing, name: str, number: Number) -> Response:
    """Take a fault back; what it holds goes on."""
    faults.delete_fault(context, number)
    return Response(status_code=204)


@router.delete("", operation_id="fault.clear", **answers(None, 404, status=204))
async def clear(context: Writing, name: str) -> Response:
    """Take all faults back."""
    faults.delete_faults(context)
    return Response(status_code=204)
