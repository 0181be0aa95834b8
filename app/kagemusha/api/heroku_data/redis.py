"""Redis add-ons: what `redis:info`, `redis:credentials`, `redis:wait`, `redis:maxmemory` and their kin ask."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import Response
from pydantic import Field, WithJsonSchema

from kagemusha.api.deps import Text
from kagemusha.api.dialect import HerokuRoute, reply
from kagemusha.api.documents import answers, matching
from kagemusha.api.heroku_data import common, maintenances
from kagemusha.api.heroku_data import database_documents as documents
from kagemusha.api.heroku_data.common import REFUSALS, Body, Reading, Writing, row
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain.redis import DEFAULTS, EVENTS, LONGEST_TIMEOUT, POLICIES, VERSIONS
from kagemusha.services import databases
from kagemusha.services.databases import REDIS, Database

router = APIRouter(route_class=HerokuRoute, tags=["redis"], responses=REFUSALS)
_PATH = "/redis/v0/databases/{name}"


class ConfigBody(Body):
    """What PATCH …/config takes; what is not given stays."""

    maxmemory_policy: Annotated[Text, WithJsonSchema({"type": "string", "enum": list(POLICIES)})] | None = None
    notify_keyspace_events: Annotated[Text, matching(EVENTS)] | None = None
    timeout: Annotated[int, Field(json_schema_extra={"minimum": 0, "maximum": LONGEST_TIMEOUT})] | None = None


class Upgrade(Body):
    """What POST …/upgrade takes; without a version it is the newest."""

    version: Annotated[Text, WithJsonSchema({"type": "string", "enum": list(VERSIONS[1:])})] | None = None


def shape(database: Database) -> documents.Redis:
    """The Redis add-on as `redis:info` and `redis:credentials` read it."""
    addon, settings = database.addon, database.redis
    shown: documents.Redis = {
        "addon_id": addon.uuid,
        "created_at": rfc3339_seconds(addon.created_at),
        "formation": common.formation(database),
        "info": _info(database),
        "metaas_source": common.SOURCE,
        "name": addon.name,
        "plan": database.plan.name,
        "port": database.place[1],
        "prefer_native_tls": True,
        "resource_url": database.url or "",
        "version": settings.version,
    }
    if not database.is_ready:
        shown["waiting?"] = True
    return shown


def _info(database: Database) -> list[documents.InfoRow]:
    settings = database.redis
    return [
        row("Plan", database.plan.human_name),
        row("Status", common.status(database)),
        row("Created", rfc3339_seconds(database.addon.created_at)),
        row("Version", settings.version),
        row("Timeout", settings.timeout),
        row("Maxmemory", settings.maxmemory_policy),
        row("Keyspace notifications", settings.notify_keyspace_events or "disabled"),
        *common.maintenance_rows(database),
        row("Requires TLS", "Yes"),
    ]


def config_shape(database: Database) -> documents.RedisConfig:
    """What the add-on is set to, each beside its default."""
    settings = database.redis
    return {
        "maxmemory_policy": {
            "value": settings.maxmemory_policy,
            "default": DEFAULTS.maxmemory_policy,
            "desc": "What happens when the memory limit is reached",
            "values": POLICIES,
        },
        "notify_keyspace_events": {
            "value": settings.notify_keyspace_events,
            "default": DEFAULTS.notify_keyspace_events,
            "desc": "Which keyspace events are published",
        },
        "standby_segv_workaround": {
            "value": False,
            "default": False,
            "desc": "Whether a standby works around crashes",
        },
        "timeout": {
            "value": settings.timeout,
            "default": DEFAULTS.timeout,
            "desc": "After how many idle seconds a connection is closed; 0 keeps it open",
        },
    }


@router.get(_PATH, operation_id="redis.info", **answers(documents.Redis))
async def info(context: Reading, name: str) -> Response:
    """A Redis add-on."""
    return reply(shape(databases.find(context, name, REDIS)))


@router.get(f"{_PATH}/wait", operation_id="redis.wait_status", **answers(documents.WaitStatus))
async def wait(context: Reading, name: str) -> Response:
    """Whether it is still to be waited for."""
    return reply(common.waiting(databases.find(context, name, REDIS)))


@router.get(f"{_PATH}/config", operation_id="redis.config", **answers(documents.RedisConfig))
async def config(context: Reading, name: str) -> Response:
    """What it is set to."""
    return reply(config_shape(databases.find(context, name, REDIS)))


@router.patch(f"{_PATH}/config", operation_id="redis.configure", **answers(documents.RedisConfig, 400, 422))
async def configure(context: Writing, name: str, body: ConfigBody) -> Response:
    """Set some of its settings."""
    return reply(config_shape(databases.configure_redis(context, name, body.model_dump(exclude_none=True))))


@router.post(
    f"{_PATH}/credentials_rotation", operation_id="redis.credentials.rotate", **answers(documents.Message, 422)
)
async def rotate(context: Writing, name: str) -> Response:
    """Give it another password."""
    changed = databases.rotate_credentials(context, name, REDIS)
    return reply({"message": f"The credentials of {changed.addon.name} were reset."})


maintenances.declare(router, _PATH, "redis", REDIS)


@router.post(f"{_PATH}/upgrade", operation_id="redis.upgrade", **answers(documents.Message, 400, 422))
async def upgrade(context: Writing, name: str, body: Upgrade | None = None) -> Response:
    """Upgrade it to a later version."""
    changed = databases.upgrade_redis(context, name, body.version if body else None)
    return reply({"message": f"{changed.addon.name} was upgraded to {changed.redis.version}."})


@router.post(f"{_PATH}/stats/reset", operation_id="redis.stats.reset", **answers(documents.Message, 422))
async def reset_stats(context: Reading, name: str) -> Response:
    """Reset its statistics: none are kept."""
    return reply({"message": f"The statistics of {databases.find_ready(context, name, REDIS).addon.name} were reset."})
