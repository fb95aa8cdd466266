"""The HTTP application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from time import time

from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware.exceptions import ExceptionMiddleware

from api.auth import Authentication
from api.automation_gateway import AutomationGateway
from api.body_limit import BodyLimit
from api.error_handlers import HANDLERS, install_error_handlers
from api.idempotency import Idempotency
from api.openapi_document import ERRORS_WITHOUT_A_KEY, completed, errors_below
from api.rate_limiting import RateLimiter, RateLimitHeaders
from api.repeated_parameters import refuse_repeated_parameters
from api.routes import (
    api_keys,
    automations,
    callbacks,
    contact_events,
    contact_segments,
    conversations,
    counterfactual,
    cron,
    event_types,
    events,
    expressions,
    health,
    journey_flow,
    journey_publishing,
    journey_refusals,
    journey_simulation,
    journey_statistics,
    journey_switches,
    journey_trial_mail,
    journey_utm,
    journeys,
    message_links,
    message_templates,
    messages,
    next_runs,
    participant_imports,
    participant_state,
    participants,
    products,
    programs,
    receipts,
    rule_alerts,
    rule_control,
    rule_dry_run,
    rule_events,
    rule_runs,
    rule_settings,
    rule_stats,
    rules,
    run_control,
    run_explanations,
    run_now,
    runs,
    segments,
    sessions,
    stock_automations,
    subscriptions,
    suppressions,
    top_level_participants,
    users,
    webhooks,
)
from api.slots import Slots
from runtime.engine_zones import pin_engine_zones
from runtime.settings import Settings
from runtime.temporal import connect_temporal
from runtime.waking import Waker
from store.database import Database
from store.user_sessions import SessionLife
from store.waking import wake_ups

DESCRIPTION = """Carillon decides who gets what, when, and then does it: once, on time, with a record that says why or why not.

Send your key as `X-API-Key` or as a bearer token; people log in at `/auth/login` and have a cookie. A POST with an `Idempotency-Key` may be repeated: it is carried out once.
Answers say in `X-RateLimit-Limit`, `X-RateLimit-Remaining` and `X-RateLimit-Reset` how much of the rate limit is left."""

SAY_UNAVAILABLE_AFTER = timedelta(seconds=2)
# Each keeps a core busy, which the other requests need too.
REPLAYS_AT_ONCE = 2
SIMULATIONS_AT_ONCE = 2
# Checking a password takes 64 MiB and most of a core for some 50 ms.
PASSWORDS_AT_ONCE = 8
MODULES = (
    sessions,
    users,
    api_keys,
    programs,
    participant_imports,
    participants,
    participant_state,
    top_level_participants,
    automations,
    stock_automations,
    next_runs,
    receipts,
    runs,
    run_now,
    cron,
    run_control,
    run_explanations,
    subscriptions,
    segments,
    events,
    contact_events,
    contact_segments,
    products,
    event_types,
    conversations,
    message_templates,
    messages,
    suppressions,
    callbacks,
    message_links,
    expressions,
    webhooks,
    journeys,
    journey_flow,
    journey_switches,
    journey_publishing,
    journey_refusals,
    journey_simulation,
    journey_utm,
    journey_trial_mail,
    journey_statistics,
    rules,
    rule_settings,
    rule_control,
    rule_dry_run,
    counterfactual,
    rule_runs,
    rule_events,
    rule_stats,
    rule_alerts,
)


def create_app(settings: Settings, clock: Callable[[], float] = time) -> FastAPI:
    """The application; it opens its connections when it starts serving."""
    pin_engine_zones()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.database = Database(settings.database_url, pool_size=settings.database_pool_size)
        app.state.gateway = AutomationGateway(
            lambda: connect_temporal(settings, patience=SAY_UNAVAILABLE_AFTER), settings.temporal_task_queue
        )
        waker = Waker(
            lambda: connect_temporal(settings, patience=SAY_UNAVAILABLE_AFTER), settings.temporal_task_queue
        )
        app.state.database.after_commit = lambda session: waker.tell(wake_ups(session))
        yield
        await waker.close()
        await app.state.database.close()

    app = FastAPIOffline(
        title="Carillon",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        dependencies=[Depends(refuse_repeated_parameters)],
    )
    app.state.destination_rules = settings.destination_rules
    app.state.rate_limiter = RateLimiter.of(settings, clock)
    app.state.export_slots = Slots(max(1, settings.database_pool_size // 4), "exports")
    app.state.cron_secret = settings.cron_secret
    app.state.run_now_patience = timedelta(seconds=settings.run_now_seconds)
    app.state.settings = settings
    app.state.public_url = settings.public_url
    app.state.session_life = SessionLife(
        idle=timedelta(seconds=settings.session_idle_seconds),
        longest=timedelta(seconds=settings.session_max_seconds),
    )
    app.state.password_slots = Slots(PASSWORDS_AT_ONCE, "logins")
    app.state.replay_slots = Slots(REPLAYS_AT_ONCE, "replays of history")
    app.state.simulation_slots = Slots(SIMULATIONS_AT_ONCE, "simulations")
    app.add_middleware(Idempotency)
    app.add_middleware(Authentication)
    # The application's own handlers are inside of its middleware, whose refusals need them too.
    app.add_middleware(ExceptionMiddleware, handlers=HANDLERS)
    app.add_middleware(BodyLimit, max_bytes=settings.api_max_body_bytes)
    app.add_middleware(RateLimitHeaders, limiter=app.state.rate_limiter)
    install_error_handlers(app)
    app.include_router(health.router, responses=ERRORS_WITHOUT_A_KEY)
    for module in MODULES:
        app.include_router(module.router, responses=errors_below(module.router.prefix))
    app.openapi = completed(app.openapi, app)  # type: ignore[method-assign]
    return app
