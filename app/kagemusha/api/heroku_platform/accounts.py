"""What an account may do, and with which key; and who is in its team."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.heroku_platform import part_documents as documents
from kagemusha.api.heroku_platform.app_parts import PERMISSIONS
from kagemusha.api.heroku_platform.common import REFUSALS, Free, Reading, Writing, whole
from kagemusha.api.heroku_platform.conditional import PlatformRoute
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain import catalog
from kagemusha.domain.errors import NotFound
from kagemusha.services import spaces
from kagemusha.services.context import Context

router = APIRouter(route_class=PlatformRoute, tags=["identity"], responses=REFUSALS)


@router.get("/account/rate-limits", operation_id="rate_limit.info", **answers(documents.RateLimit))
async def rate_limits(request: Request, context: Free) -> Response:
    """How many requests are left; asking is free."""
    left: documents.RateLimit = {"remaining": request.app.state.rate_limits.remaining(context.sandbox.id)}
    return reply(left)


@router.get("/teams/permissions", operation_id="team_app_permission.list", **whole(documents.Permission))
async def permissions(context: Reading) -> Response:
    """What collaborators of a team's app may be allowed."""
    return reply(PERMISSIONS)


@router.get("/teams/{name}/members", operation_id="team_member.list", **whole(documents.TeamMember, 404))
async def members(context: Reading, name: str) -> Response:
    """The members of a team: the account."""
    spaces.team(context, name)
    user, at = context.account, rfc3339_seconds(context.sandbox.began_at)
    member: documents.TeamMember = {
        "created_at": at, "email": user.email, "federated": False, "id": catalog.catalog_uuid("member", user.uuid),
        "identity_provider": None, "role": "admin", "two_factor_authentication": False, "updated_at": at,
        "user": {"email": user.email, "id": user.uuid, "name": context.sandbox.name},
    }  # fmt: skip
    return reply([member])


@router.get("/teams/{name}/features", operation_id="team_feature.list", **whole(documents.TeamFeature, 404))
async def features(context: Reading, name: str) -> Response:
    """The features of a team: none can be switched on."""
    spaces.team(context, name)
    return reply([])


def _authorization(context: Context) -> documents.Authorization:
    """The one key of the world."""
    user, at = context.account, rfc3339_seconds(context.sandbox.created_at)
    return {
        "access_token": {
            "expires_in": None, "id": catalog.catalog_uuid("token", user.uuid),
            "token": context.sandbox.heroku_api_key,
        },
        "client": None, "created_at": at, "description": "The key of the sandbox", "grant": None,
        "id": catalog.catalog_uuid("authorization", user.uuid), "refresh_token": None, "scope": ["global"],
        "session": None, "updated_at": at,
        "user": {"id": user.uuid, "email": user.email, "full_name": context.sandbox.name},
    }  # fmt: skip


@router.get("/oauth/authorizations", operation_id="oauth_authorization.list", **whole(documents.Authorization))
async def authorizations(context: Reading) -> Response:
    """The keys that there are: one."""
    return reply([_authorization(context)])


@router.get(
    "/oauth/authorizations/{name}",
    operation_id="oauth_authorization.info",
    **answers(documents.Authorization, 404),
)
async def authorization(context: Reading, name: str) -> Response:
    """One key; ``~`` is the one that is used."""
    found = _authorization(context)
    if name not in {"~", found["id"]}:
        raise NotFound("authorization")
    return reply(found)


@router.delete("/oauth/sessions/{name}", operation_id="oauth_session.delete", **answers(None, 404, status=204))
async def end_session(context: Writing, name: str) -> Response:
    """End a session: a key is none, and stays valid."""
    raise NotFound("session")
