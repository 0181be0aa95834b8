"""The account and the team."""

from fastapi import APIRouter
from fastapi.responses import Response

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.heroku_platform import documents
from kagemusha.api.heroku_platform.common import REFUSALS, Reading
from kagemusha.api.heroku_platform.conditional import PlatformRoute
from kagemusha.clock import rfc3339_seconds
from kagemusha.services import spaces
from kagemusha.services.context import Context

router = APIRouter(route_class=PlatformRoute, tags=["identity"], responses=REFUSALS)


def team(context: Context) -> documents.Team:
    """The team."""
    at = rfc3339_seconds(context.sandbox.began_at)
    return {
        "id": context.team_uuid, "created_at": at, "credit_card_collections": False, "default": True,
        "enterprise_account": None, "identity_provider": None, "membership_limit": None,
        "pipeline_cost_consent_at": None, "pipeline_cost_consent_user_email": None, "name": spaces.TEAM,
        "provisioned_licenses": True, "role": "admin", "type": "enterprise", "updated_at": at,
    }  # fmt: skip


def account(context: Context) -> documents.Account:
    """Who is calling."""
    user, at = context.account, rfc3339_seconds(context.sandbox.began_at)
    reference: documents.Reference = {"id": context.team_uuid, "name": spaces.TEAM}
    return {
        "allow_tracking": False, "beta": False, "created_at": at, "email": user.email, "federated": False,
        "id": user.uuid, "identity_provider": None, "last_login": at, "name": context.sandbox.name,
        "sms_number": None, "suspended_at": None, "delinquent_at": None, "two_factor_authentication": False,
        "updated_at": at, "verified": True, "country_of_residence": None, "eco_dynos_enabled": False,
        "eco_dynos_shutdown_at": None, "pipeline_cost_consent_at": None, "acknowledged_msa": True,
        "acknowledged_msa_at": at, "italian_customer_terms": None, "italian_partner_terms": None,
        "mfa_enabled": False, "mfa_exemption": False, "mfa_exemption_reason": None, "mfa_experience": "vaas",
        "default_organization": reference, "default_team": reference,
    }  # fmt: skip


@router.get("/account", operation_id="account.info", **answers(documents.Account))
async def info(context: Reading) -> Response:
    """Who is calling."""
    return reply(account(context))


@router.get("/teams", operation_id="team.list", **answers(list[documents.Team]))
async def teams(context: Reading) -> Response:
    """The teams: one."""
    return reply([team(context)])


@router.get("/teams/{name}", operation_id="team.info", **answers(documents.Team, 404))
async def one(context: Reading, name: str) -> Response:
    """One team."""
    spaces.team(context, name)
    return reply(team(context))
