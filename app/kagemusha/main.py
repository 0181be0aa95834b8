"""The composition root: the one file that may import every room."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from kagemusha import __version__, scheduler
from kagemusha.api import dialect, heroku_data, heroku_platform, sim
from kagemusha.api.middleware import Edge
from kagemusha.api.request_ids import RequestIds
from kagemusha.api.routing import Index
from kagemusha.clock import system_now
from kagemusha.domain.errors import Unavailable
from kagemusha.services.sandboxes import ensure_default
from kagemusha.services.transactions import Transactions
from kagemusha.settings import Settings
from kagemusha.store.engine import connect, explain
from kagemusha.store.migrate import ensure_schema


def create_app(settings: Settings, clock: Callable[[], int] = system_now) -> FastAPI:
    """The service. Its lifespan opens the database, brings it up to date and lets time run.

    `clock` gives system time in milliseconds. Raises DatabaseProblem when the database can't be used.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = connect(settings.database_url)
        ensure_schema(engine)
        transactions = Transactions(engine, clock, settings.pace)
        try:
            secret = await ensure_default(transactions, seed=settings.seed, manual=settings.clock == "manual")
        except Unavailable as error:
            raise explain(error.__cause__ or error, engine) from None
        app.state.transactions = transactions
        app.state.request_ids = RequestIds(secret, clock)
        ticking = scheduler.start(transactions) if settings.ticks else None
        try:
            yield
        finally:
            if ticking is not None:
                ticking.shutdown(wait=False)
            transactions.close()

    app = FastAPI(
        title="kagemusha",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    app.state.request_ids = None
    app.state.strict = settings.effective_auth == "strict"
    app.state.admin_token = None if settings.is_loopback else settings.admin_token
    app.state.guarded = not settings.is_loopback
    dialect.install(app)
    app.include_router(sim.router)
    app.include_router(heroku_data.router)
    app.include_router(heroku_platform.router)
    app.router.routes.insert(0, Index(dialect.routes_within(app.routes)))
    app.add_middleware(Edge)
    return app
