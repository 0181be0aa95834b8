"""Postgres add-ons: what `pg:info`, `pg:wait`, `pg:credentials` and their kin ask."""

from fastapi import APIRouter
from fastapi.responses import Response

from kagemusha.api.dialect import HerokuRoute, reply
from kagemusha.api.documents import answers
from kagemusha.api.heroku_data import common, maintenances
from kagemusha.api.heroku_data import database_documents as documents
from kagemusha.api.heroku_data.common import REFUSALS, Reading, Writing, row
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain.catalog import catalog_uuid
from kagemusha.domain.errors import NotFound
from kagemusha.services import databases
from kagemusha.services.databases import POSTGRES, Database

router = APIRouter(route_class=HerokuRoute, tags=["postgres"], responses=REFUSALS)
_CLIENT = "/client/v11/databases/{name}"
_CREDENTIALS = "/postgres/v0/databases/{name}/credentials"
_VERSION = "16.4"
_DEFAULT = "default"


def shape(database: Database) -> documents.Postgres:
    """The Postgres add-on as `pg:info` reads it."""
    addon, names, ready = database.addon, database.names, database.is_ready
    shown: documents.Postgres = {
        "addon_id": addon.uuid, "available_for_ingress": False, "created_at": rfc3339_seconds(addon.created_at),
        "credentials": 1, "database_name": names.database_name() if ready else None,
        "database_user": names.database_user(addon.credential_version) if ready else None,
        "formation": common.formation(database), "heroku_resource_id": addon.uuid, "info": _info(database),
        "leader": None, "metaas_server_source": common.SOURCE, "metaas_source": common.SOURCE, "name": addon.name,
        "num_bytes": 0, "plan": database.plan.name, "port": database.place[1], "resource_url": database.url,
        "target_transaction": None, "waiting?": not ready,
    }  # fmt: skip
    if ready:
        shown["database_password"] = names.password(addon.credential_version)
    return shown


def _info(database: Database) -> list[documents.InfoRow]:
    return [
        row("Plan", database.plan.human_name),
        row("Status", common.status(database)),
        row("Data Size", "0 MB"),
        row("Tables", 0),
        row("PG Version", _VERSION),
        row("Connections", 0),
        row("Credentials", 1),
        row("Fork/Follow", "Unavailable"),
        row("Created", rfc3339_seconds(database.addon.created_at)),
        row("Region", database.region.name),
        *common.maintenance_rows(database),
    ]


def credential(database: Database) -> documents.PostgresCredential:
    """The one credential, by which the add-on's URLs log in."""
    addon, names = database.addon, database.names
    host, port = database.place
    shown: documents.PostgresCredential = {
        "credentials": [], "database": names.database_name(), "host": host, "name": _DEFAULT, "port": port,
        "state": "provisioning", "uuid": catalog_uuid("credential", addon.uuid),
    }  # fmt: skip
    if database.is_ready:
        user, password = names.database_user(addon.credential_version), names.password(addon.credential_version)
        shown["credentials"] = [{"password": password, "state": "active", "user": user}]
        shown["state"] = "active"
    return shown


def _check_credential(name: str) -> None:
    if name != _DEFAULT:
        raise NotFound(None, "There is no such credential: every add-on has one alone, `default`.")


@router.get(_CLIENT, operation_id="postgres.info", **answers(documents.Postgres))
async def info(context: Reading, name: str) -> Response:
    """A Postgres add-on."""
    return reply(shape(databases.find(context, name, POSTGRES)))


@router.get(f"{_CLIENT}/wait_status", operation_id="postgres.wait_status", **answers(documents.WaitStatus))
async def wait(context: Reading, name: str) -> Response:
    """Whether it is still to be waited for."""
    return reply(common.waiting(databases.find(context, name, POSTGRES)))


@router.get(f"{_CLIENT}/bastion", operation_id="postgres.bastion", **answers(documents.Bastion))
async def bastion(context: Reading, name: str) -> Response:
    """The machine through which a client comes to it: none, so that clients connect to it by themselves."""
    databases.find(context, name, POSTGRES)
    nowhere: documents.Bastion = {"host": None, "private_key": None}
    return reply(nowhere)


maintenances.declare(router, _CLIENT, "postgres", POSTGRES)


@router.get(_CREDENTIALS, operation_id="postgres.credentials", **answers(list[documents.PostgresCredential]))
async def credentials(context: Reading, name: str) -> Response:
    """Its credentials, of which there is one."""
    return reply([credential(databases.find(context, name, POSTGRES))])


@router.get(
    f"{_CREDENTIALS}/{{credential_name}}",
    operation_id="postgres.credentials.info",
    **answers(documents.PostgresCredential),
)
async def one_credential(context: Reading, name: str, credential_name: str) -> Response:
    """One of its credentials."""
    found = databases.find(context, name, POSTGRES)
    _check_credential(credential_name)
    return reply(credential(found))


@router.post(
    f"{_CREDENTIALS}/{{credential_name}}/credentials_rotation",
    operation_id="postgres.credentials.rotate",
    **answers(documents.Message, 422),
)
async def rotate(context: Writing, name: str, credential_name: str) -> Response:
    """Give one of its credentials another user and password; a body such as ``{"forced": true}`` is taken."""
    databases.find(context, name, POSTGRES)
    _check_credential(credential_name)
    return _rotated(databases.rotate_credentials(context, name, POSTGRES))


@router.post(
    "/postgres/v0/databases/{name}/credentials_rotation",
    operation_id="postgres.credentials.rotate_all",
    **answers(documents.Message, 422),
)
async def rotate_all(context: Writing, name: str) -> Response:
    """Give all of its credentials, which is one, another user and password."""
    return _rotated(databases.rotate_credentials(context, name, POSTGRES))


def _rotated(database: Database) -> Response:
    return reply({"message": f"The credentials of {database.addon.name} were rotated."})
