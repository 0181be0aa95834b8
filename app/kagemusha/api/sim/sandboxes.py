"""Sandboxes, and the server's health."""

from fastapi import Request
from fastapi.responses import Response

from kagemusha import __version__
from kagemusha.api.dialect import reply
from kagemusha.api.documents import answers
from kagemusha.api.sim import documents, scenarios, shapes
from kagemusha.api.sim.common import Reading, Worlds, room
from kagemusha.api.sim.scenarios import ScenarioBody
from kagemusha.api.sim.schemas import AwsCredentialsBody, SandboxBody, moment
from kagemusha.domain.errors import DomainError
from kagemusha.services import aws_credentials, sandboxes
from kagemusha.services import scenarios as scenario_service

router = room("", "sandboxes")


@router.get("/health", operation_id="sim.health", **answers(documents.Health))
async def health(worlds: Worlds) -> Response:
    """Whether the service and its database answer."""
    async with worlds.server():
        name = worlds.engine.dialect.name
    shown: documents.Health = {
        "status": "ok",
        "version": __version__,
        "database": "sqlite" if name == "sqlite" else "postgresql",
    }
    return reply(shown)


class NewSandboxBody(SandboxBody):
    """What a sandbox may be asked to be, and the world that it begins with."""

    scenario: ScenarioBody | None = None


@router.post("/sandboxes", operation_id="sandbox.create", **answers(documents.Sandbox, 400, 409, 422, status=201))
async def create(request: Request, worlds: Worlds, body: NewSandboxBody | None = None) -> Response:
    """Make a sandbox. With a scenario it answers when the scenario has been played."""
    body = body or NewSandboxBody()
    if body.scenario is not None:
        # What the body itself says wins, but what is wrong is wrong.
        sandboxes.check(_asked(NewSandboxBody(scenario=body.scenario)))
    made = await sandboxes.create_sandbox(worlds, _asked(body))
    if body.scenario is None:
        return reply(shapes.sandbox(request, made), 201)
    try:
        played = scenarios.events(body.scenario, request.app.state.operations())
        await scenario_service.play(worlds, ("name", made.name), played, body.scenario.ends)
    except DomainError:
        await sandboxes.delete_sandbox(worlds, made.name, begun=True)
        raise
    async with worlds.reading(("name", made.name), begun=True) as context:
        if context is None:
            raise sandboxes.missing(made.name)
        return reply(shapes.sandbox(request, context.sandbox), 201)


def _asked(body: NewSandboxBody) -> sandboxes.NewSandbox:
    """What the body says, and what its scenario says where the body says nothing."""
    told = {key: value for key, value in body.scenario or () if value is not None} | {
        key: value for key, value in body if value is not None
    }
    return sandboxes.NewSandbox(
        body.name,
        told.get("seed"),
        told.get("pace"),
        told.get("clock") == "manual",
        moment(told.get("now")),
        body.aws_account_id,
        body.aws_principal,
        told.get("delays", {}),
    )


@router.get("/sandboxes", operation_id="sandbox.list", **answers(list[documents.Sandbox]))
async def list_(request: Request, worlds: Worlds) -> Response:
    """All sandboxes."""
    return reply([shapes.sandbox(request, each) for each in await sandboxes.list_sandboxes(worlds)])


@router.get("/sandboxes/{name}", operation_id="sandbox.info", **answers(documents.Sandbox, 404))
async def info(request: Request, context: Reading, name: str) -> Response:
    """One sandbox."""
    return reply(shapes.sandbox(request, context.sandbox))


@router.delete("/sandboxes/{name}", operation_id="sandbox.delete", **answers(None, 404, 409, status=204))
async def delete(request: Request, worlds: Worlds, name: str) -> Response:
    """Take a sandbox away."""
    await request.app.state.aws.forget(await sandboxes.delete_sandbox(worlds, name))
    return Response(status_code=204)


@router.post(
    "/sandboxes/{name}/aws-credentials",
    operation_id="aws_credentials.create",
    **answers(documents.AwsCredentials, 400, 404, 422, status=201),
)
async def issue(worlds: Worlds, name: str, body: AwsCredentialsBody) -> Response:
    """Issue an access key for a principal of the sandbox's AWS account, or for the services' owner (``operator``)."""
    made = await aws_credentials.issue(worlds, name, body.principal)
    shown: documents.AwsCredentials = {
        "access_key_id": made.access_key_id,
        "secret_access_key": made.secret_access_key,
        "principal_arn": made.principal_arn,
    }
    return reply(shown, 201)


@router.post("/sandboxes/{name}/reset", operation_id="sandbox.reset", **answers(documents.Sandbox, 404))
async def reset(request: Request, worlds: Worlds, name: str) -> Response:
    """Empty a sandbox: its seed, keys and clock are as created."""
    async with worlds.writing(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        sandboxes.reset_sandbox(context, worlds.clock())
    await request.app.state.aws.forget(context.sandbox.aws_account_id)
    async with worlds.reading(("name", name), begun=True) as context:
        if context is None:
            raise sandboxes.missing(name)
        return reply(shapes.sandbox(request, context.sandbox))
