"""Add-ons and attachments."""

import math
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BeforeValidator

from kagemusha.api import deps
from kagemusha.api.deps import Text
from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers, matching
from kagemusha.api.heroku_platform import addon_documents as documents
from kagemusha.api.heroku_platform import catalog as shapes
from kagemusha.api.heroku_platform.common import (
    EXPANSION,
    ID_NAME,
    INCLUSION,
    REFUSALS,
    Body,
    Reading,
    Reference,
    Writing,
    asked,
    ranged,
)
from kagemusha.api.heroku_platform.conditional import PlatformRoute
from kagemusha.api.heroku_platform.documents import Reference as ReferenceDocument
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain.states import AddonState
from kagemusha.services import addon_views, addons, apps, attachments
from kagemusha.services.addon_views import AddonView
from kagemusha.services.attachments import AttachmentView
from kagemusha.services.context import Context

router = APIRouter(route_class=PlatformRoute, tags=["add-ons"], responses=REFUSALS)
_ID = {"id": "uuid"}


def _config_value(value: object) -> object:
    if isinstance(value, dict | list) or (isinstance(value, float) and not math.isfinite(value)):
        message = "give a string, a number, true, false or null"
        raise ValueError(message)
    return value


ConfigValue = Annotated[Any, BeforeValidator(_config_value, json_schema_input_type=str | float | bool | None)]
AddonName = Annotated[Text, matching(addons.NAME)]
AttachedAs = Annotated[Text, matching(attachments.NAME)]


class AttachmentName(Body):
    """The `attachment` of an add-on's create."""

    name: AttachedAs | None = None


class AddonBody(Body):
    """What POST /apps/{app}/addons takes."""

    plan: Reference
    name: AddonName | None = None
    attachment: AttachmentName | None = None
    config: dict[Text, ConfigValue] | None = None
    confirm: Text | None = None


class AttachmentBody(Body):
    """What POST /addon-attachments takes."""

    addon: Reference
    app: Reference
    name: AttachedAs | None = None
    confirm: Text | None = None
    namespace: Annotated[Text, matching(attachments.NAMESPACE)] | None = None


class ResolveAddon(Body):
    """What the resolution of an add-on takes."""

    addon: Text
    app: Text | None = None
    addon_service: Text | None = None


class ResolveAttachment(Body):
    """What the resolution of an attachment takes."""

    addon_attachment: Text
    app: Text | None = None
    addon_service: Text | None = None


def shape(view: AddonView, expand: frozenset[str] = frozenset(), state: AddonState | None = None) -> documents.Addon:
    """An add-on; `expand` nests its plan or service whole."""
    addon, app = view.addon, view.app
    service: ReferenceDocument = {"id": view.service.id, "name": view.service.name}
    plan: ReferenceDocument = {"id": view.plan.id, "name": view.plan.full_name}
    return {
        "actions": [], "addon_service": shapes.service(view.service) if "addon_service" in expand else service,
        "app": {"id": app.uuid, "name": app.name},
        "billing_entity": {"id": app.uuid, "name": app.name, "type": "app"}, "billed_price": shapes.price(view.plan),
        "config_vars": list(view.config_vars), "created_at": rfc3339_seconds(addon.created_at), "id": addon.uuid,
        "name": addon.name, "plan": shapes.plan(view.plan) if "plan" in expand else plan, "provider_id": addon.uuid,
        "provision_message": "", "state": state or AddonState(addon.state),
        "updated_at": rfc3339_seconds(addon.updated_at), "web_url": None,
    }  # fmt: skip


def attachment_shape(view: AttachmentView, include: frozenset[str] = frozenset()) -> documents.AddonAttachment:
    """An attachment; `include` adds its config vars, or its add-on's plan."""
    attachment, addon = view.attachment, view.addon
    owner: documents.AttachedAddon = {
        "id": addon.addon.uuid, "name": addon.addon.name, "app": {"id": addon.app.uuid, "name": addon.app.name},
    }  # fmt: skip
    if "addon:plan" in include:
        owner["plan"] = {"id": addon.plan.id, "name": addon.plan.full_name}
    shown: documents.AddonAttachment = {
        "addon": owner, "app": {"id": view.app.uuid, "name": view.app.name},
        "created_at": rfc3339_seconds(attachment.created_at), "id": attachment.uuid, "name": attachment.name,
        "namespace": attachment.namespace, "updated_at": rfc3339_seconds(attachment.updated_at), "web_url": None,
        "log_input_url": None,
    }  # fmt: skip
    if "config_vars" in include:
        shown["config_vars"] = list(view.config_vars)
    return shown


def expanded(request: Request) -> frozenset[str]:
    """What is to be shown whole."""
    return asked(request, "accept-expansion")


def _list(request: Request, context: Context, **equal: int) -> Response:
    page = deps.page(request, ID_NAME)
    rows = addon_views.views(context, context.store.addons.page(deps.one_more(page), **equal))
    expand = expanded(request)
    return deps.listed(page, ID_NAME, rows, lambda row: getattr(row.addon, page.field), lambda row: shape(row, expand))


@router.post(
    "/apps/{app}/addons",
    operation_id="addon.create",
    **answers(documents.Addon, 400, 404, 422, 423, status=201, header=EXPANSION),
)
async def create(request: Request, context: Writing, app: str, body: AddonBody) -> Response:
    """Ask for an add-on."""
    name = body.attachment.name if body.attachment else None
    new = addons.NewAddon(body.plan, body.name, name, body.config or {}, body.confirm)
    made = addons.create_addon(context, apps.find_app(context, app), new)
    return reply(shape(addon_views.view(context, made), expanded(request)), 201)


@router.get("/apps/{app}/addons", operation_id="addon.list_by_app", **ranged(documents.Addon, 404, header=EXPANSION))
async def list_of_app(request: Request, context: Reading, app: str) -> Response:
    """The add-ons that an app pays for."""
    return _list(request, context, app_id=apps.find_app(context, app).id)


@router.get("/addons", operation_id="addon.list", **ranged(documents.Addon, header=EXPANSION))
async def list_(request: Request, context: Reading) -> Response:
    """All add-ons."""
    return _list(request, context)


@router.get(
    "/apps/{app}/addons/{name}",
    operation_id="addon.info_by_app",
    **answers(documents.Addon, 404, header=EXPANSION),
)
async def info_by_app(request: Request, context: Reading, app: str, name: str) -> Response:
    """One add-on of an app."""
    found = addons.find_addon(context, name, apps.find_app(context, app))
    return reply(shape(addon_views.view(context, found), expanded(request)))


@router.get("/addons/{name}", operation_id="addon.info", **answers(documents.Addon, 404, header=EXPANSION))
async def info(request: Request, context: Reading, name: str) -> Response:
    """One add-on."""
    return reply(shape(addon_views.view(context, addons.find_addon(context, name)), expanded(request)))


@router.delete(
    "/apps/{app}/addons/{name}", operation_id="addon.delete", **answers(documents.Addon, 404, header=EXPANSION)
)
async def delete(request: Request, context: Writing, app: str, name: str) -> Response:
    """Destroy an add-on; a body such as ``{"force": false}`` is taken."""
    owner = apps.find_app(context, app)
    gone = addons.delete_addon(context, owner, addons.find_addon(context, name, owner))
    return reply(shape(gone, expanded(request), AddonState.DEPROVISIONED))


@router.get(
    "/addons/{name}/addon-attachments",
    operation_id="addon_attachment.list_by_addon",
    **ranged(documents.AddonAttachment, 404, header=INCLUSION),
)
async def attachments_of_addon(request: Request, context: Reading, name: str) -> Response:
    """An add-on's attachments."""
    return _attachments(request, context, addon_id=addons.find_addon(context, name).id)


@router.get(
    "/apps/{app}/addon-attachments",
    operation_id="addon_attachment.list_by_app",
    **ranged(documents.AddonAttachment, 404, header=INCLUSION),
)
async def attachments_of_app(request: Request, context: Reading, app: str) -> Response:
    """An app's attachments."""
    return _attachments(request, context, app_id=apps.find_app(context, app).id)


@router.get(
    "/addon-attachments",
    operation_id="addon_attachment.list",
    **ranged(documents.AddonAttachment, header=INCLUSION),
)
async def list_attachments(request: Request, context: Reading) -> Response:
    """All attachments."""
    return _attachments(request, context)


def _attachments(request: Request, context: Context, **equal: int) -> Response:
    page = deps.page(request, _ID)
    rows = attachments.views(context, context.store.attachments.page(deps.one_more(page), **equal))
    include = asked(request, "accept-inclusion")
    return deps.listed(page, _ID, rows, lambda row: row.attachment.uuid, lambda row: attachment_shape(row, include))


@router.post(
    "/addon-attachments",
    operation_id="addon_attachment.create",
    **answers(documents.AddonAttachment, 400, 404, 422, 423, status=201, header=INCLUSION),
)
async def attach(request: Request, context: Writing, body: AttachmentBody) -> Response:
    """Attach an add-on to an app."""
    addon = addons.find_addon(context, body.addon)
    app = apps.find_app(context, body.app)
    made = attachments.attach(context, addon, app, body.name, confirm=body.confirm, namespace=body.namespace)
    return reply(attachment_shape(attachments.view(context, made), asked(request, "accept-inclusion")), 201)


@router.get(
    "/apps/{app}/addon-attachments/{name}",
    operation_id="addon_attachment.info_by_app",
    **answers(documents.AddonAttachment, 404, header=INCLUSION),
)
async def attachment_of_app(request: Request, context: Reading, app: str, name: str) -> Response:
    """An app's attachment by name or id."""
    found = attachments.find_in_app(context, apps.find_app(context, app), name)
    return reply(attachment_shape(attachments.view(context, found), asked(request, "accept-inclusion")))


@router.get(
    "/addon-attachments/{name}",
    operation_id="addon_attachment.info",
    **answers(documents.AddonAttachment, 404, header=INCLUSION),
)
async def attachment(request: Request, context: Reading, name: str) -> Response:
    """One attachment."""
    found = attachments.find_attachment(context, name)
    return reply(attachment_shape(attachments.view(context, found), asked(request, "accept-inclusion")))


@router.delete(
    "/addon-attachments/{name}",
    operation_id="addon_attachment.delete",
    **answers(documents.AddonAttachment, 404, 422),
)
async def detach(context: Writing, name: str) -> Response:
    """Take an attachment away."""
    return reply(attachment_shape(attachments.detach(context, name)))


@router.post(
    "/actions/addons/resolve",
    operation_id="addon.resolve",
    **answers(list[documents.Addon], 400, 404, 422, header=EXPANSION),
)
async def resolve(request: Request, context: Reading, body: ResolveAddon) -> Response:
    """The add-ons that an identifier may mean."""
    found = addons.resolve(context, body.addon, body.app, body.addon_service)
    return reply([shape(each, expanded(request)) for each in found])


@router.post(
    "/actions/addon-attachments/resolve",
    operation_id="addon_attachment.resolve",
    **answers(list[documents.AddonAttachment], 400, 404, 422, header=INCLUSION),
)
async def resolve_attachment(request: Request, context: Reading, body: ResolveAttachment) -> Response:
    """The attachments that an identifier may mean."""
    found = attachments.resolve(context, body.addon_attachment, body.app, body.addon_service)
    return reply([attachment_shape(each, asked(request, "accept-inclusion")) for each in found])
