"""The documents of Kafka add-ons."""

from typing import Any, NotRequired

from typing_extensions import TypedDict

from kagemusha.api.documents import Moment, Uuid, document

ClusterState = TypedDict(
    "ClusterState",
    {
        "degraded_brokers": list[Any],
        "degraded_topics": list[Any],
        "healthy?": bool,
        "message": str,
        "status": str,
        "waiting?": bool,
    },
)
ClusterState.__doc__ = "How a cluster is."
document(ClusterState)


@document
class Capabilities(TypedDict):
    """What a cluster can do."""

    supports_mixed_cleanup_policy: bool


@document
class TopicDefaults(TypedDict):
    """What a topic has unless it is made otherwise."""

    partition_count: int
    retention_time_ms: int


@document
class ClusterFormation(TypedDict):
    """The servers of a cluster."""

    id: Uuid
    kafkas: list[Uuid]
    zookeepers: list[Uuid]


@document
class DataSizeLimit(TypedDict):
    """How much a cluster may hold, and at which shares of that it is warned of."""

    critical_percentage: int
    limit_bytes: int
    subcritical_percentage: int
    supercritical_percentage: int


@document
class ClusterLimits(TypedDict):
    """What a cluster allows."""

    data_size: DataSizeLimit
    default_retention_ms: int
    max_number_of_partitions_per_topic: int
    max_number_of_topics: int | None
    max_number_of_total_partitions: int
    max_partition_replica_count: int
    max_topics: NotRequired[int]
    maximum_replication: int
    maximum_retention_ms: int
    minimum_replication: int
    minimum_retention_ms: int


@document
class Robot(TypedDict):
    """Whether a machine asked for the cluster."""

    is_robot: bool
    robot_ttl: None


@document
class Cluster(TypedDict):
    """A Kafka add-on; `topic_prefix` is there when the cluster is shared."""

    addon_id: Uuid
    admin_topic_names: list[str]
    attachment_name: str
    bytes_in_per_sec: int
    bytes_out_per_sec: int
    capabilities: Capabilities
    created_at: Moment
    data_size: int
    defaults: TopicDefaults
    formation: ClusterFormation
    limits: ClusterLimits
    messages_in_per_sec: int
    metaas_source: str
    name: str
    partition_replica_count: int
    robot: Robot
    shared_cluster: bool
    state: ClusterState
    topic_prefix: NotRequired[str]
    topics: list[str]
    version: list[str]
