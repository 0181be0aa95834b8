"""The control API: `/_sim`."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from kagemusha import __version__
from kagemusha.api import deps
from kagemusha.api.deps import Text
from kagemusha.api.dialect import HerokuRoute, reply
from kagemusha.clock import from_datetime, rfc3339
from kagemusha.domain.catalog import REGIONS
from kagemusha.domain.errors import InvalidParams, Unauthorized
from kagemusha.services import clocks, endpoints, journals, sandboxes
from kagemusha.services.advance import Fired
from kagemusha.services.context import Context
from kagemusha.services.transactions import Key, Transactions
from kagemusha.store.records import Endpoint, Sandbox

_REGION = REGIONS[0].aws_region


async def _guard(request: Request) -> None:
    """On any bind but loopback every call needs the server's token."""
    if request.app.state.guarded:
        secret = request.app.state.admin_token
        wanted = secret.get_secret_value() if hasattr(secret, "get_secret_value") else str(secret or "")
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if not wanted or scheme.lower() != "bearer" or not secrets.compare_digest(given.encode(), wanted.encode()):
            raise Unauthorized("The control API needs `Authorization: Bearer <KAGEMUSHA_ADMIN_TOKEN>` on this server.")


router = APIRouter(prefix="/_sim", route_class=HerokuRoute, dependencies=[Depends(_guard)], tags=["simulator"])


def _key(request: Request) -> Key:
    return ("name", request.path_params["name"])


def _opener(writes: bool) -> Any:
    async def opened(request: Request) -> Any:
        worlds = deps.transactions(request)
        async with (worlds.writing if writes else worlds.reading)(_key(request)) as context:
            if context is None:
                raise sandboxes.missing(request.path_params["name"])
            yield context

    return opened


Reading = Annotated[Context, Depends(_opener(False), scope="function")]
Writing = Annotated[Context, Depends(_opener(True), scope="function")]
Worlds = Annotated[Transactions, Depends(deps.transactions)]


class Body(BaseModel):
    """A request body: unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid")


class SandboxBody(Body):
    """What a sandbox may be asked to be."""

    name: Text | None = None
    seed: int | None = None
    pace: float | None = None
    clock: Literal["auto", "manual"] = "auto"
    now: AwareDatetime | None = None
    aws_account_id: Text | None = None
    aws_principal: Text | None = None
    delays: dict[Text, timedelta | list[timedelta] | Literal["never"]] | None = None


class ClockBody(Body):
    """A clock's mode and pace."""

    mode: Literal["auto", "manual"] | None = None
    pace: float | None = None


class AdvanceBody(Body):
    """One of the three."""

    seconds: timedelta | None = None
    to: AwareDatetime | None = None
    until: Literal["next", "idle"] | None = None

    @model_validator(mode="after")
    def _one(self) -> "AdvanceBody":
        if sum(each is not None for each in (self.seconds, self.to, self.until)) != 1:
            message = 'give one of "seconds", "to" and "until"'
            raise ValueError(message)
        return self


class EndpointBody(Body):
    """An endpoint without an AWS client."""

    service_name: Text
    principal_arn: Text | None = None
    availability_zone_ids: list[Text] = []
    vpc_id: Text | None = None
    security_group_ids: list[Text] | None = None


def _delay(value: object) -> tuple[int, int] | None:
    if value == "never":
        return None
    bounds = value if isinstance(value, list) else [value, value]
    match [round(each.total_seconds() * 1000) for each in bounds if isinstance(each, timedelta)]:
        case [low, high] if 0 <= low <= high <= clocks.LONGEST:
            return low, high
    raise InvalidParams('delays: give a duration, [low, high], or "never", of at most ten years.')


def _moment(value: datetime | None) -> int | None:
    return None if value is None else from_datetime(value)


def _shape(request: Request, sandbox: Sandbox) -> dict[str, Any]:
    worlds = deps.transactions(request)
    now = sandbox.now(worlds.clock())
    clock = clocks.Clock(
        "manual" if sandbox.is_manual else "auto", now, sandbox.timing(worlds.default_pace).pace, sandbox.next_due_at
    )
    url = f"{request.url.scheme}://{request.headers.get('host', '127.0.0.1')}".replace("//localhost", "//127.0.0.1")
    aws = {
        "account_id": sandbox.aws_account_id,
        "access_key_id": sandbox.aws_access_key_id,
        "secret_access_key": sandbox.aws_secret_access_key,
        "principal_arn": sandbox.aws_principal_arn,
        "region": _REGION,
    }
    env = {
        "HEROKU_HOST": url,
        "HEROKU_DATA_HOST": url.split("//")[1].rsplit(":", 1)[0],
        "HEROKU_API_KEY": sandbox.heroku_api_key,
        "HEROKU_API_URL": url,
        "HEROKU_PARTICLEBOARD_URL": url,
        "DISABLE_TELEMETRY": "true",
        "HEROKU_SKIP_NEW_VERSION_CHECK": "true",
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": sandbox.aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": sandbox.aws_secret_access_key,
        "AWS_REGION": _REGION,
        "AWS_DEFAULT_REGION": _REGION,
    }
    return {
        "name": sandbox.name, "seed": sandbox.seed, "created_at": rfc3339(sandbox.created_at),
        "clock": journals.clock_document(clock), "heroku_api_key": sandbox.heroku_api_key, "aws": aws, "env": env,
    }  # fmt: skip


@router.get("/health", operation_id="sim.health")
async def health(worlds: Worlds) -> Response:
    """Whether the service and its database answer."""
    async with worlds.server():
        return reply({"status": "ok", "version": __version__, "database": worlds.engine.dialect.name})


@router.post("/sandboxes", operation_id="sandbox.create")
async def create(request: Request, worlds: Worlds, body: SandboxBody) -> Response:
    """Make a sandbox."""
    new = sandboxes.NewSandbox(
        body.name, body.seed, body.pace, body.clock == "manual", _moment(body.now), body.aws_account_id,
        body.aws_principal, {stage: _delay(value) for stage, value in (body.delays or {}).items()},
    )  # fmt: skip
    return reply(_shape(request, await sandboxes.create_sandbox(worlds, new)), 201)


@router.get("/sandboxes", operation_id="sandbox.list")
async def list_(request: Request, worlds: Worlds) -> Response:
    """All sandboxes."""
    return reply([_shape(request, each) for each in await sandboxes.list_sandboxes(worlds)])


@router.get("/sandboxes/{name}", operation_id="sandbox.info")
async def info(request: Request, context: Reading, name: str) -> Response:
    """One sandbox."""
    return reply(_shape(request, context.sandbox))


@router.delete("/sandboxes/{name}", operation_id="sandbox.delete", status_code=204)
async def delete(worlds: Worlds, name: str) -> Response:
    """Take a sandbox away."""
    await sandboxes.delete_sandbox(worlds, name)
    return Response(status_code=204)


@router.post("/sandboxes/{name}/reset", operation_id="sandbox.reset")
async def reset(request: Request, worlds: Worlds, name: str) -> Response:
    """Empty a sandbox."""
    async with worlds.writing(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        sandboxes.reset_sandbox(context, worlds.clock())
    async with worlds.reading(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        return reply(_shape(request, context.sandbox))


@router.get("/sandboxes/{name}/clock", operation_id="clock.info")
async def clock(context: Reading, name: str) -> Response:
    """The clock."""
    return reply(journals.clock_document(clocks.clock(context)))


@router.patch("/sandboxes/{name}/clock", operation_id="clock.update")
async def set_clock(worlds: Worlds, name: str, body: ClockBody) -> Response:
    """Freeze the clock, let it run, or change its pace."""
    async with worlds.writing(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        clocks.set_clock(context, worlds.clock(), body.mode, body.pace)
    async with worlds.reading(("name", name)) as context:
        if context is None:
            raise sandboxes.missing(name)
        return reply(journals.clock_document(clocks.clock(context)))


@router.post("/sandboxes/{name}/clock/advance", operation_id="clock.advance")
async def advance(worlds: Worlds, name: str, body: AdvanceBody) -> Response:
    """Move the clock; everything due has happened when it answers."""
    key = ("name", name)
    if body.until is not None:
        result = await clocks.advance_until(worlds, key, idle=body.until == "idle")
    else:
        by = None if body.seconds is None else round(body.seconds.total_seconds() * 1000)
        result = await clocks.advance_to(worlds, key, by=by, to=_moment(body.to))
    shown: list[Fired] = result.transitions[: clocks.SHOWN]
    return reply(
        {"now": rfc3339(result.now), "fired": result.fired, "transitions": [journals.fired(each) for each in shown]}
    )


@router.get("/sandboxes/{name}/pending", operation_id="sandbox.pending")
async def pending(context: Reading, name: str, limit: int = 100) -> Response:
    """What will happen, and when."""
    return reply({"now": rfc3339(context.now), "pending": journals.pending(context, limit)})


@router.get("/sandboxes/{name}/journal", operation_id="sandbox.journal")
async def journal(
    context: Reading,
    name: str,
    after: int = 0,
    limit: int = 100,
    kind: str | None = None,
) -> Response:
    """What happened, in order."""
    if not -(2**53) < after < 2**53:
        raise InvalidParams("after must be a sequence number.")
    found = journals.entries(context, after, limit, kind)
    told = [{"seq": each.seq, "sandbox": context.sandbox.name, **journals.transition(each)} for each in found]
    return reply({"entries": told, "next_after": found[-1].seq if found else after})


@router.get("/sandboxes/{name}/snapshot", operation_id="sandbox.snapshot")
async def snapshot(context: Reading, worlds: Worlds, name: str) -> Response:
    """The world as one document."""
    return reply(journals.snapshot(context, worlds.clock()))


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "endpoint_id": endpoint.endpoint_id, "state": endpoint.state, "dns_name": endpoints.dns_name(endpoint),
        "service_name": endpoint.service_name, "principal_arn": endpoint.principal_arn,
    }  # fmt: skip


@router.post("/sandboxes/{name}/endpoints", operation_id="endpoint.create")
async def create_endpoint(context: Writing, name: str, body: EndpointBody) -> Response:
    """An endpoint, by the rules of EC2's CreateVpcEndpoint."""
    new = endpoints.NewEndpoint(
        body.service_name,
        body.principal_arn,
        body.availability_zone_ids,
        body.vpc_id,
        None if body.security_group_ids is None else dict.fromkeys(body.security_group_ids, ""),
    )
    return reply(_endpoint(endpoints.create_endpoint(context, new)), 201)


@router.get("/sandboxes/{name}/endpoints", operation_id="endpoint.list")
async def list_endpoints(context: Reading, name: str) -> Response:
    """All endpoints."""
    return reply([_endpoint(each) for each in endpoints.list_endpoints(context)])


@router.get("/sandboxes/{name}/endpoints/{endpoint_id}", operation_id="endpoint.info")
async def endpoint(context: Reading, name: str, endpoint_id: str) -> Response:
    """One endpoint."""
    return reply(_endpoint(endpoints.find_endpoint(context, endpoint_id)))


@router.delete("/sandboxes/{name}/endpoints/{endpoint_id}", operation_id="endpoint.delete")
async def delete_endpoint(context: Writing, name: str, endpoint_id: str) -> Response:
    """Ask for an endpoint's end."""
    return reply(_endpoint(endpoints.delete_endpoint(context, endpoint_id)), 202)


@router.post("/sandboxes/{name}/endpoints/{endpoint_id}/reject", operation_id="endpoint.reject")
async def reject(context: Writing, name: str, endpoint_id: str) -> Response:
    """As the service's owner would."""
    return reply(_endpoint(endpoints.reject_endpoint(context, endpoint_id)))


@router.post("/sandboxes/{name}/endpoints/{endpoint_id}/accept", operation_id="endpoint.accept")
async def accept(context: Writing, name: str, endpoint_id: str) -> Response:
    """As the service's owner would."""
    return reply(_endpoint(endpoints.accept_endpoint(context, endpoint_id)))
