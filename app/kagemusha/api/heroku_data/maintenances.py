"""Maintenance of data add-ons, of any service: what `data:maintenances` and `data:maintenances:info` ask."""

from fastapi import APIRouter
from fastapi.responses import Response

from kagemusha.api.dialect import HerokuRoute, reply
from kagemusha.api.documents import answers
from kagemusha.api.heroku_data import maintenance_documents as documents
from kagemusha.api.heroku_data.common import REFUSALS, Reading
from kagemusha.clock import rfc3339_seconds
from kagemusha.services import apps, databases
from kagemusha.services.databases import Database

router = APIRouter(route_class=HerokuRoute, tags=["maintenance"], responses=REFUSALS)


def shape(database: Database) -> documents.Maintenance:
    """An add-on of which no maintenance is known."""
    addon, app, plan = database.addon, database.app, database.plan
    return {
        "addon": {"attachments": list(database.attachments), "kind": plan.service, "name": addon.name,
                  "plan": plan.name, "uuid": addon.uuid, "window": database.window},
        "app": {"name": app.name, "uuid": app.uuid}, "completed_at": None, "duration_seconds": None, "method": "none",
        "previously_scheduled_for": None, "reason": "none", "required_by": None, "scheduled_for": None,
        "server_created_at": rfc3339_seconds(addon.created_at), "started_at": None, "status": "none",
        "window": database.window,
    }  # fmt: skip


@router.get(
    "/data/maintenances/v1/apps/{app}", operation_id="maintenance.list_by_app", **answers(documents.Maintenances)
)
async def list_of_app(context: Reading, app: str) -> Response:
    """Those of the data add-ons that an app pays for."""
    found = databases.of_app(context, apps.find_app(context, app))
    return reply({"maintenances": [shape(each) for each in found]})


@router.get("/data/maintenances/v1/{name}", operation_id="maintenance.info", **answers(documents.Maintenance))
async def info(context: Reading, name: str) -> Response:
    """The most recent one of an add-on."""
    return reply(shape(databases.find(context, name)))
