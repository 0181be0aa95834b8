"""Endpoints without an AWS client."""

from fastapi.responses import Response

from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.sim import documents, shapes
from kagemusha.api.sim.common import Reading, Writing, room
from kagemusha.api.sim.schemas import EndpointBody
from kagemusha.services import endpoints

router = room("/sandboxes/{name}/endpoints", "endpoints")


@router.post("", operation_id="endpoint.create", **answers(documents.Endpoint, 400, 404, 422, status=201))
async def create(context: Writing, name: str, body: EndpointBody) -> Response:
    """Make an endpoint, by the rules of EC2's CreateVpcEndpoint."""
    new = endpoints.NewEndpoint(
        body.service_name,
        body.principal_arn,
        body.availability_zone_ids,
        body.vpc_id,
        None if body.security_group_ids is None else dict.fromkeys(body.security_group_ids, ""),
    )
    return reply(shapes.endpoint(endpoints.create_endpoint(context, new)), 201)


@router.get("", operation_id="endpoint.list", **answers(list[documents.Endpoint], 404))
async def list_(context: Reading, name: str) -> Response:
    """All endpoints."""
    return reply([shapes.endpoint(each) for each in endpoints.list_endpoints(context)])


@router.get("/{endpoint_id}", operation_id="endpoint.info", **answers(documents.Endpoint, 404))
async def info(context: Reading, name: str, endpoint_id: str) -> Response:
    """One endpoint."""
    return reply(shapes.endpoint(endpoints.find_endpoint(context, endpoint_id)))


@router.delete("/{endpoint_id}", operation_id="endpoint.delete", **answers(documents.Endpoint, 404, 409, status=202))
async def delete(context: Writing, name: str, endpoint_id: str) -> Response:
    """Ask for an endpoint's end."""
    return reply(shapes.endpoint(endpoints.delete_endpoint(context, endpoint_id)), 202)


@router.post("/{endpoint_id}/reject", operation_id="endpoint.reject", **answers(documents.Endpoint, 404, 409))
async def reject(context: Writing, name: str, endpoint_id: str) -> Response:
    """Reject an endpoint, as the service's owner would."""
    return reply(shapes.endpoint(endpoints.reject_endpoint(context, endpoint_id)))


@router.post("/{endpoint_id}/accept", operation_id="endpoint.accept", **answers(documents.Endpoint, 404, 409))
async def accept(context: Writing, name: str, endpoint_id: str) -> Response:
    """Accept an endpoint, as the service's owner would."""
    return reply(shapes.endpoint(endpoints.accept_endpoint(context, endpoint_id)))
