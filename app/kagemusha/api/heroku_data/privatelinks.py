"""Privatelinks, for Redis, Postgres and Kafka: five routes that answer the same object."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field

from kagemusha.api import deps
from kagemusha.api.deps import Text
from kagemusha.api.dialect import HerokuRoute, reply
from kagemusha.api.documents import ANYWHERE, answers, matching, refusals
from kagemusha.api.heroku_data import documents
from kagemusha.api.worlds import World
from kagemusha.domain.errors import Unauthorized
from kagemusha.domain.principals import SUBMITTED, root_arn
from kagemusha.domain.states import AllowedAccountState, EndpointState, PrivatelinkState
from kagemusha.services import endpoints, privatelinks
from kagemusha.services.context import Context
from kagemusha.services.privatelinks import LinkView
from kagemusha.services.sandboxes import DEFAULT
from kagemusha.services.transactions import Key

router = APIRouter(route_class=HerokuRoute, tags=["privatelink"], responses=refusals(401, 404, *ANYWHERE))
_PATH = "/private-link/v0/databases/{name}"
_NO_TOKEN = ("", "undefined")
"""The user and token of a client that lost its token."""


def caller(request: Request) -> Key:
    """As everywhere, but `Basic :undefined`, which one client sends, is known by the Request-Ids it echoes."""
    given = deps.credentials(request)
    if given != _NO_TOKEN:
        return deps.world_of(request, given[1])
    sandbox: int | None = request.app.state.request_ids.sandbox(request.headers.get("request-id", ""))
    if sandbox is not None:
        request.state.warning = "This client sent no token (Basic :undefined): it is known by its earlier requests."
        return ("id", sandbox)
    if request.app.state.strict:
        raise Unauthorized(
            "This client sent the password `undefined` and no Request-Id of an earlier request: use version 1.3.4 of "
            "its PrivateLink plugin, or send `Authorization: Bearer <key>`.",
        )
    request.state.warning = (
        "This client sent no token (Basic :undefined) and no Request-Id of the last hour: it is taken for the sandbox "
        f"{DEFAULT}'s."
    )
    return ("name", DEFAULT)


Reading = Annotated[Context, Depends(World(caller))]
Writing = Annotated[Context, Depends(World(caller, writes=True))]


Account = Annotated[Text, matching(SUBMITTED)]


class AllowedAccounts(BaseModel):
    """What PUT and PATCH take."""

    allowed_accounts: list[Account]


class FirstAccounts(BaseModel):
    """What POST takes."""

    allowed_accounts: Annotated[list[Account], Field(json_schema_extra={"minItems": 1})]


def shape(view: LinkView) -> documents.Privatelink:
    """The privatelink, all keys always present."""
    return {
        "addon": {"name": view.addon_name, "uuid": view.addon_uuid},
        "allowed_accounts": [
            {"account_id": each.account_id, "arn": each.arn, "status": AllowedAccountState(each.state)}
            for each in view.accounts
        ],
        "app": {"name": view.app_name},
        "connections": [
            {
                "endpoint_id": each.endpoint_id,
                "hostname": endpoints.dns_name(each),
                "owner_arn": root_arn(each.owner_account_id),
                "status": documents.CONNECTION_STATUSES[EndpointState(each.state)],
            }
            for each in view.endpoints
        ],
        "service_name": view.link.service_name if view.was_operational else "",
        "status": PrivatelinkState(view.link.state),
    }


@router.post(_PATH, operation_id="privatelink.create", **answers(documents.Privatelink, 400, 409, 422, status=201))
async def create(context: Writing, name: str, body: FirstAccounts) -> Response:
    """Create the add-on's privatelink."""
    return reply(shape(privatelinks.create_privatelink(context, name, body.allowed_accounts)), 201)


@router.get(_PATH, operation_id="privatelink.info", **answers(documents.Privatelink))
async def info(context: Reading, name: str) -> Response:
    """The add-on's privatelink."""
    return reply(shape(privatelinks.view(context, name)))


@router.delete(_PATH, operation_id="privatelink.destroy", **answers(documents.Privatelink, 409, status=202))
async def destroy(context: Writing, name: str) -> Response:
    """Ask for the privatelink's end."""
    return reply(shape(privatelinks.delete_privatelink(context, name)), 202)


@router.put(
    f"{_PATH}/allowed_accounts",
    operation_id="privatelink.access.add",
    **answers(documents.Privatelink, 400, 409, 422, status=202),
)
async def add(context: Writing, name: str, body: AllowedAccounts) -> Response:
    """Allow more accounts."""
    return reply(shape(privatelinks.add_allowed_accounts(context, name, body.allowed_accounts)), 202)


@router.patch(
    f"{_PATH}/allowed_accounts",
    operation_id="privatelink.access.remove",
    **answers(documents.Privatelink, 400, 409, 422, status=202),
)
async def remove(context: Writing, name: str, body: AllowedAccounts) -> Response:
    """Allow these accounts no longer."""
    return reply(shape(privatelinks.remove_allowed_accounts(context, name, body.allowed_accounts)), 202)
