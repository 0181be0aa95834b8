"""Kafka add-ons: what `kafka:info` and `kafka:wait` ask."""

from fastapi import APIRouter
from fastapi.responses import Response

from kagemusha.api.dialect import HerokuRoute, reply
from kagemusha.api.documents import answers
from kagemusha.api.heroku_data import cluster_documents as documents
from kagemusha.api.heroku_data import common
from kagemusha.api.heroku_data.common import REFUSALS, Reading
from kagemusha.api.heroku_data.database_documents import WaitStatus
from kagemusha.clock import rfc3339_seconds
from kagemusha.domain.catalog import catalog_uuid
from kagemusha.domain.config_vars import KAFKA_BROKERS
from kagemusha.services import databases
from kagemusha.services.databases import KAFKA, Database

router = APIRouter(route_class=HerokuRoute, tags=["kafka"], responses=REFUSALS)
_PATH = "/data/kafka/v0/clusters/{name}"
_VERSION = "3.7.0"
_GIGABYTE, _DAY = 1024**3, 86_400_000
_SHARED_TOPICS = 40


def shape(database: Database) -> documents.Cluster:
    """The Kafka add-on as `kafka:info` reads it: a cluster without topics."""
    addon, shared = database.addon, database.plan.tier == "basic"
    shown: documents.Cluster = {
        "addon_id": addon.uuid, "admin_topic_names": [], "attachment_name": database.attachments[0],
        "bytes_in_per_sec": 0, "bytes_out_per_sec": 0, "capabilities": {"supports_mixed_cleanup_policy": True},
        "created_at": rfc3339_seconds(addon.created_at), "data_size": 0,
        "defaults": {"partition_count": 8, "retention_time_ms": _DAY}, "formation": _formation(database),
        "limits": _limits(shared), "messages_in_per_sec": 0, "metaas_source": common.SOURCE, "name": addon.name,
        "partition_replica_count": 0, "robot": {"is_robot": False, "robot_ttl": None}, "shared_cluster": shared,
        "state": _state(database), "topics": [], "version": [_VERSION],
    }  # fmt: skip
    if shared:
        shown["topic_prefix"] = f"{addon.name}."
    return shown


def _state(database: Database) -> documents.ClusterState:
    said = common.status(database)
    return {
        "degraded_brokers": [], "degraded_topics": [], "healthy?": database.is_ready, "message": said, "status": said,
        "waiting?": not database.is_ready,
    }  # fmt: skip


def _formation(database: Database) -> documents.ClusterFormation:
    def servers(kind: str) -> list[str]:
        return [catalog_uuid(f"{kind}{number}", database.addon.uuid) for number in range(KAFKA_BROKERS)]

    uuid = catalog_uuid("formation", database.addon.uuid)
    return {"id": uuid, "kafkas": servers("kafka"), "zookeepers": servers("zookeeper")}


def _limits(shared: bool) -> documents.ClusterLimits:
    limits: documents.ClusterLimits = {
        "data_size": {"limit_bytes": (4 if shared else 150) * _GIGABYTE, "subcritical_percentage": 80,
                      "critical_percentage": 100, "supercritical_percentage": 120},
        "default_retention_ms": _DAY, "max_number_of_partitions_per_topic": 256,
        "max_number_of_topics": _SHARED_TOPICS if shared else None, "max_number_of_total_partitions": 4_000,
        "max_partition_replica_count": 12_000, "maximum_replication": KAFKA_BROKERS,
        "maximum_retention_ms": 14 * _DAY, "minimum_replication": KAFKA_BROKERS, "minimum_retention_ms": _DAY,
    }  # fmt: skip
    if shared:
        limits["max_topics"] = _SHARED_TOPICS
    return limits


@router.get(_PATH, operation_id="kafka.info", **answers(documents.Cluster))
async def info(context: Reading, name: str) -> Response:
    """A Kafka add-on."""
    return reply(shape(databases.find(context, name, KAFKA)))


@router.get(f"{_PATH}/wait_status", operation_id="kafka.wait_status", **answers(WaitStatus))
async def wait(context: Reading, name: str) -> Response:
    """Whether it is still to be waited for."""
    return reply(common.waiting(databases.find(context, name, KAFKA)))
