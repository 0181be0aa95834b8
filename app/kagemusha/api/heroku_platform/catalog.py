"""Regions, add-on services and plans."""

from fastapi import APIRouter
from fastapi.responses import Response

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.heroku_platform import addon_documents, documents
from kagemusha.api.heroku_platform.common import REFUSALS, Reading
from kagemusha.api.heroku_platform.conditional import PlatformRoute
from kagemusha.domain import catalog
from kagemusha.domain.errors import NotFound

router = APIRouter(route_class=PlatformRoute, tags=["catalogue"], responses=REFUSALS)
_AT = "2012-01-01T12:00:00Z"


def region(each: catalog.Region) -> documents.Region:
    """A region."""
    return {
        "country": each.country, "created_at": _AT, "description": each.description, "id": each.id,
        "locale": each.locale, "name": each.name, "private_capable": each.private_capable,
        "provider": {"name": "amazon-web-services", "region": each.aws_region}, "updated_at": _AT,
    }  # fmt: skip


def service(each: catalog.Service) -> addon_documents.AddonService:
    """An add-on service."""
    return {
        "cli_plugin_name": "heroku-kafka" if each.name == "heroku-kafka" else None, "created_at": _AT,
        "human_name": each.human_name, "id": each.id, "name": each.name, "state": "ga",
        "supports_multiple_installations": True, "supports_sharing": True, "updated_at": _AT,
        "supported_generations": [{"id": catalog.catalog_uuid("generation", "cedar"), "name": "cedar"}],
    }  # fmt: skip


def price(each: catalog.Plan) -> addon_documents.Price:
    """A plan's price."""
    return {"cents": each.cents, "contract": False, "metered": False, "unit": "month"}


def plan(each: catalog.Plan) -> addon_documents.Plan:
    """A plan."""
    owner = catalog.service(each.service)
    return {
        "addon_service": {"id": owner.id, "name": owner.name}, "created_at": _AT,
        "compliance": ["HIPAA"] if each.tier == "shield" else None, "default": each.name == owner.default_plan,
        "description": f"{owner.human_name} {each.human_name}", "human_name": each.human_name, "id": each.id,
        "installable_inside_private_network": each.in_private_spaces,
        "installable_outside_private_network": not each.in_private_spaces, "name": each.full_name,
        "price": price(each), "space_default": each.name == owner.private_default_plan, "state": "public",
        "updated_at": _AT, "visible": True,
    }  # fmt: skip


@router.get("/regions", operation_id="region.list", **answers(list[documents.Region]))
async def regions(context: Reading) -> Response:
    """All regions."""
    return reply([region(each) for each in catalog.REGIONS])


@router.get("/regions/{name}", operation_id="region.info", **answers(documents.Region, 404))
async def one_region(context: Reading, name: str) -> Response:
    """One region."""
    return reply(region(catalog.region(name)))


@router.get("/addon-services", operation_id="addon_service.list", **answers(list[addon_documents.AddonService]))
async def services(context: Reading) -> Response:
    """All add-on services."""
    return reply([service(each) for each in catalog.SERVICES])


@router.get("/addon-services/{name}", operation_id="addon_service.info", **answers(addon_documents.AddonService, 404))
async def one_service(context: Reading, name: str) -> Response:
    """One add-on service."""
    return reply(service(catalog.service(name)))


@router.get("/addon-services/{name}/plans", operation_id="plan.list", **answers(list[addon_documents.Plan], 404))
async def plans(context: Reading, name: str) -> Response:
    """A service's plans."""
    return reply([plan(each) for each in catalog.service(name).plans])


@router.get(
    "/addon-services/{name}/plans/{plan_name}", operation_id="plan.info_by_addon", **answers(addon_documents.Plan, 404)
)
async def plan_of_service(context: Reading, name: str, plan_name: str) -> Response:
    """One plan of a service."""
    owner = catalog.service(name)
    for each in owner.plans:
        if plan_name in {each.name, each.full_name, each.id}:
            return reply(plan(each))
    raise NotFound("plan", "Couldn't find that add-on plan.")


@router.get("/plans/{name}", operation_id="plan.info", **answers(addon_documents.Plan, 404))
async def one_plan(context: Reading, name: str) -> Response:
    """One plan."""
    return reply(plan(catalog.plan(name)))
