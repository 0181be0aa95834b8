"""The EC2 actions that are ours. Every other one is the emulator's."""

from collections.abc import Awaitable, Callable

from kagemusha.api.aws import endpoint_services, endpoints, networks
from kagemusha.api.aws.call import Answer, Call

ACTIONS: dict[str, Callable[[Call], Awaitable[Answer]]] = {
    "CreateVpcEndpoint": endpoints.create,
    "DescribeVpcEndpoints": endpoints.describe,
    "ModifyVpcEndpoint": endpoints.modify,
    "DeleteVpcEndpoints": endpoints.delete,
    "DescribeVpcEndpointServices": endpoint_services.describe_services,
    "DescribeVpcEndpointConnections": endpoint_services.describe_connections,
    "AcceptVpcEndpointConnections": endpoint_services.accept,
    "RejectVpcEndpointConnections": endpoint_services.reject,
    "DescribeVpcEndpointServicePermissions": endpoint_services.describe_permissions,
    "DescribeNetworkInterfaces": networks.describe_interfaces,
    "CreateTags": networks.create_tags,
    "DeleteTags": networks.delete_tags,
}
