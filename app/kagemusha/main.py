"""The composition root: the one file that may import every room."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.routing import BaseRoute

from kagemusha import __version__
from kagemusha.api import dialect
from kagemusha.api.aws.door import Door, Opener
from kagemusha.api.middleware import Edge
from kagemusha.api.rate_limits import RateLimits
from kagemusha.api.request_ids import RequestIds
from kagemusha.api.routing import Load, Rooms
from kagemusha.clock import system_now
from kagemusha.domain.errors import Unavailable
from kagemusha.scheduler import Ticking
from kagemusha.services.sandboxes import DEFAULT, NewSandbox, ensure_default, ensure_secret, forget_default
from kagemusha.services.transactions import Transactions
from kagemusha.settings import Settings
from kagemusha.store.engine import connect, explain
from kagemusha.store.migrate import ensure_schema

if TYPE_CHECKING:
    from kagemusha.api.aws.room import Room

_ONE_PROCESS = (
    "the embedded one lives in one process, and this server has several. Start one of its own (moto_server -p 5000) "
    "and give --aws-upstream http://127.0.0.1:5000."
)


def _platform() -> list[BaseRoute]:
    from kagemusha.api import heroku_platform

    return heroku_platform.router.routes


def _privatelinks() -> list[BaseRoute]:
    from kagemusha.api.heroku_data import privatelinks

    return privatelinks.router.routes


def _data() -> list[BaseRoute]:
    from kagemusha.api.heroku_data import kafka, maintenances, postgres, redis

    return [route for part in (redis, postgres, kafka, maintenances) for route in part.router.routes]


def _sim() -> list[BaseRoute]:
    from kagemusha.api import sim

    return sim.router.routes


ROOMS: Mapping[Load, tuple[str, ...]] = {
    _platform: (
        "account", "actions", "addon-attachments", "addon-services", "addons", "apps", "oauth", "plans", "regions",
        "spaces", "teams", "users",
    ),
    _privatelinks: ("private-link",),
    _data: ("client", "data", "postgres", "redis"),
    _sim: ("_sim",),
}  # fmt: skip
"""The rooms of the API by the first segments of their paths: each is loaded by the first request that is for it."""


@cache
def operations() -> dict[str, frozenset[str]]:
    """The operations of Heroku's APIs, each with the parameters of its path: what faults can name."""
    return dialect.operations([*_platform(), *_privatelinks(), *_data()])


def _aws(app: FastAPI, settings: Settings) -> Opener:
    """AWS on the same port, opened at its first request."""

    def make() -> "Room":
        from kagemusha.api.aws import embedded, emulator, room

        behind: emulator.Emulator
        if settings.aws_upstream is not None:
            behind = emulator.Upstream(settings.aws_upstream)
        elif settings.workers > 1:
            behind = emulator.Absent(_ONE_PROCESS)
        else:
            behind = embedded.Embedded(outlived=not settings.ephemeral)
        opened = room.Room(app.state.transactions, behind, app.state.strict, app.state.request_ids.make)
        if settings.verify_signatures:
            from kagemusha.api.aws import signatures

            opened = replace(opened, check_signature=signatures.check)
        return opened

    return Opener(make)


async def _start_data_plane(app: FastAPI, settings: Settings) -> Callable[[], Awaitable[None]]:
    """Open the doors of all worlds; what is returned closes them. Raises BackendProblem, Unavailable."""
    from tempfile import TemporaryDirectory

    from kagemusha.dataplane.backends import make
    from kagemusha.dataplane.gateway import Gateway
    from kagemusha.dataplane.visit import House
    from kagemusha.services.connections import Counts

    transactions: Transactions = app.state.transactions
    folder, temporary = settings.stores_folder, None
    if folder is None:
        temporary = TemporaryDirectory(prefix="kagemusha-")
        folder = Path(temporary.name)
    backends = make(folder, settings.redis_server, settings.postgres_server)
    house = House(transactions, backends, app.state.aws, Counts())
    gateway = Gateway(house, addresses=settings.endpoint_host != "dns")

    async def stop(*, forget: bool = temporary is not None) -> None:
        transactions.data_plane = None
        await gateway.stop(forget=forget)
        if temporary is not None:
            temporary.cleanup()

    transactions.data_plane = gateway
    try:
        await gateway.start()
    except BaseException:
        await stop(forget=False)
        raise
    return stop


async def _begin(transactions: Transactions, settings: Settings) -> None:
    """Make the sandbox default if it is not there; a scenario says what is in it. Raises ScenarioProblem."""
    told = NewSandbox(seed=settings.seed, manual=settings.clock == "manual")
    if settings.scenario is None:
        await ensure_default(transactions, told)
        return
    from kagemusha import scenario_files

    file = scenario_files.ScenarioFile(settings.scenario)
    body = scenario_files.checked(file)
    if await ensure_default(transactions, scenario_files.beginning(file, body, told, settings.model_fields_set)):
        try:
            await scenario_files.play(transactions, DEFAULT, file, body, operations())
        except scenario_files.ScenarioProblem:
            await forget_default(transactions)
            raise


def create_app(settings: Settings, clock: Callable[[], int] = system_now) -> FastAPI:
    """The service. Its lifespan opens the database, brings it up to date and lets time run.

    `clock` gives system time in milliseconds. Raises DatabaseProblem when the database can't be used, and
    ScenarioProblem when the scenario can't be played.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = connect(settings.database_url)
        ensure_schema(engine)
        transactions = Transactions(engine, clock, settings.pace)
        try:
            secret = await ensure_secret(transactions)
            await _begin(transactions, settings)
        except Unavailable as error:
            raise explain(error.__cause__ or error, engine) from None
        app.state.transactions = transactions
        app.state.request_ids = RequestIds(secret, clock)
        try:
            stop = await _start_data_plane(app, settings) if settings.data_plane else None
        except Unavailable as error:
            raise explain(error.__cause__ or error, engine) from None
        ticking = Ticking(transactions) if settings.ticks else None
        try:
            yield
        finally:
            if stop is not None:
                await stop()
            if ticking is not None:
                await ticking.stop()
            await app.state.aws.close()
            await transactions.end()

    app = FastAPI(
        title="kagemusha",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.request_ids = None
    app.state.rate_limits = RateLimits(settings.rate_limit, clock)
    app.state.strict = settings.effective_auth == "strict"
    app.state.admin_token = None if settings.is_loopback else settings.admin_token
    app.state.guarded = not settings.is_loopback
    dialect.install(app)
    app.state.operations = operations
    app.router.routes.append(Rooms(ROOMS))
    app.add_middleware(Edge)
    app.state.aws = _aws(app, settings)
    app.add_middleware(Door, opener=app.state.aws)
    return app
