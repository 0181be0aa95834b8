"""Maintenance of data add-ons: of any service for `data:maintenances`, and by the routes of Redis and Postgres."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response

from kagemusha.api.deps import Text
from kagemusha.api.dialect import HerokuRoute, reply
from kagemusha.api.documents import answers, matching
from kagemusha.api.heroku_data import database_documents
from kagemusha.api.heroku_data import maintenance_documents as documents
from kagemusha.api.heroku_data.common import REFUSALS, Body, Reading, Writing
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain import windows
from kagemusha.services import apps, databases
from kagemusha.services.databases import Database

router = APIRouter(route_class=HerokuRoute, tags=["maintenance"], responses=REFUSALS)


class Window(Body):
    """What sets a maintenance window: the day and the time, in UTC, at which it begins."""

    description: Annotated[Text, matching(windows.DESCRIPTION)]


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


def _message(database: Database) -> database_documents.Message:
    window = f" Its window is {database.window}." if database.window else ""
    return {"message": f"{database.addon.name} needs no maintenance.{window}"}


def declare(router: APIRouter, path: str, kind: str, service: str) -> None:
    """Add the three routes that stores of `service` have under `path`; `kind` begins their operation ids."""

    @router.get(f"{path}/maintenance", operation_id=f"{kind}.maintenance", **answers(database_documents.Message))
    async def maintenance(context: Reading, name: str) -> Response:
        """Whether it needs maintenance."""
        return reply(_message(databases.find(context, name, service)))

    @router.post(
        f"{path}/maintenance", operation_id=f"{kind}.maintenance.run", **answers(database_documents.Message, 422)
    )
    async def run(context: Reading, name: str) -> Response:
        """Run the maintenance that it needs: there never is any."""
        return reply(_message(databases.find_ready(context, name, service)))

    @router.put(
        f"{path}/maintenance_window",
        operation_id=f"{kind}.maintenance.window",
        **answers(database_documents.MaintenanceWindow, 400, 422),
    )
    async def window(context: Writing, name: str, body: Window) -> Response:
        """Set its maintenance window."""
        changed = databases.set_window(context, name, service, body.description)
        return reply({"window": changed.window or ""})
