"""The HTTP application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from time import time

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.exceptions import ExceptionMiddleware

from api.automation_gateway import AutomationGateway
from api.body_limit import BodyLimit
from api.errors import HANDLERS, ErrorBody, install_error_handlers
from api.idempotency import Idempotency
from api.rate_limiting import RateLimiter, RateLimitHeaders
from api.routes import (
    api_keys,
    automations,
    events,
    health,
    next_runs,
    participant_imports,
    participants,
    programs,
    runs,
)
from runtime.settings import Settings
from runtime.temporal import connect_temporal
from store.database import Database

DESCRIPTION = """Carillon decides who gets what, when, and then does it: once, on time, with a record that says why or why not.

Send your key as `X-API-Key` or as a bearer token. A POST with an `Idempotency-Key` may be repeated: it is carried out once.
Answers say in `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` how much of the rate limit is left."""

SAY_UNAVAILABLE_AFTER = timedelta(seconds=2)

ERRORS: dict[int | str, dict[str, object]] = {
    status: {"model": ErrorBody, "description": meaning}
    for status, meaning in (
        (400, "The request is wrong; `details` names the field"),
        (401, "No valid API key"),
        (403, "The key may not do this"),
        (404, "No such thing in this program"),
        (409, "It conflicts with what exists"),
        (413, "The body is too large"),
        (429, "Too many requests; try again after `Retry-After` seconds"),
        (503, "The database or Temporal is away; try again after `Retry-After` seconds"),
    )
} | {"default": {"model": ErrorBody, "description": "Any other error"}}
AWAY: dict[int | str, dict[str, object]] = {503: ERRORS[503]}


def create_app(settings: Settings, clock: Callable[[], float] = time) -> FastAPI:
    """The application; it opens its connections when it starts serving."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = Database(settings.database_url, pool_size=settings.database_pool_size)
        app.state.gateway = AutomationGateway(
            lambda: connect_temporal(settings, patience=SAY_UNAVAILABLE_AFTER), settings.temporal_task_queue
        )
        yield
        await app.state.database.close()

    app = FastAPIOffline(title="Carillon", version="0.1.0", description=DESCRIPTION, lifespan=lifespan)
    app.state.rate_limiter = RateLimiter.of(settings, clock)
    app.add_middleware(Idempotency)
    # The application's own handlers are inside of its middleware, whose refusals need them too.
    app.add_middleware(ExceptionMiddleware, handlers=HANDLERS)
    app.add_middleware(BodyLimit, max_bytes=settings.api_max_body_bytes)
    app.add_middleware(RateLimitHeaders, limiter=app.state.rate_limiter)
    install_error_handlers(app)
    app.include_router(health.router, responses=AWAY)
    for module in (
        api_keys,
        programs,
        participant_imports,
        participants,
        automations,
        next_runs,
        runs,
        events,
    ):
        app.include_router(module.router, responses=ERRORS)
    return app
