"""Every route of the application, by what it takes to call it."""

import importlib
import pkgutil
from typing import NamedTuple

from fastapi.routing import APIRoute

import api.routes
from api.plain_errors import CRON_PATHS
from api.problems import PROBLEM_PATHS, is_versioned
from tests.api.journeys_surface import tag

OPEN = {"/healthz", "/readyz", "/docs", "/docs/oauth2-redirect", "/openapi.json", "/redoc"}
FILES_OF_THE_DOCUMENTATION = "/static-offline-docs"
READING = {"GET", "HEAD"}


class Route(NamedTuple):
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def api_routes() -> list[APIRoute]:
    """Every route of every module in api.routes, documented or not."""
    modules = [
        importlib.import_module(f"api.routes.{module.name}")
        for module in pkgutil.iter_modules(api.routes.__path__)
    ]
    return [route for module in modules for route in module.router.routes if isinstance(route, APIRoute)]


def all_routes() -> list[Route]:
    """By what each is called with."""
    return sorted(
        Route(method, route.path_format) for route in api_routes() for method in route.methods or ()
    )


# They ask for a password, or for nothing.
LOGINS = {"/auth/login", "/auth/logout"}
# Whoever calls them holds no key, but a secret to sign with.
SIGNED = {"/callbacks/messages", "/callbacks/twilio/status", "/callbacks/twilio/inbound/{program_id}"}
# Whoever was sent a message may follow its links, which were signed.
LINKS = {"/u/{token}", "/c/{token}", "/l/{code}", "/o/{token}.gif"}
# Everybody may, in a session of theirs.
OWN_PASSWORD = "/auth/password"
# Everybody may, within their program: tests/e2e/test_run_now.py.
RUN_NOW = "/api/automations/{automation_id}/run"
# It only reads: tests/api/test_journey_statistics.py.
STATISTICS = "/api/analytics/statistics"
ROUTES = [route for route in all_routes() if route.path not in OPEN | LOGINS | SIGNED | LINKS]
OF_ADMINS = [route for route in ROUTES if route.path.startswith(("/v1/api-keys", "/v1/users"))]
OF_SUPERVISORS = [route for route in ROUTES if route.path.startswith(PROBLEM_PATHS)]
OF_SCHEDULERS = [route for route in ROUTES if route.path.startswith(CRON_PATHS)]
READS = [
    route
    for route in ROUTES
    if route.method in READING and route not in (*OF_ADMINS, *OF_SUPERVISORS, *OF_SCHEDULERS)
]
WRITES = [
    route
    for route in ROUTES
    if route.method not in READING and route.path not in (OWN_PASSWORD, RUN_NOW, STATISTICS)
]
OF_JOURNEYS = [route for route in ROUTES if is_versioned(route.path)]
EVENTS = "/v1/events"
EVENT_TYPES = "/v1/event-types"
PARTICIPANTS = "/v1/participants"
# Their program is a parameter, or a field of the body.
NAMING_ONE_BESIDE = (EVENTS, f"{EVENTS}/batch", EVENT_TYPES, f"{EVENT_TYPES}/{{event_type}}", PARTICIPANTS)
PRODUCT: dict[str, object] = {
    "id": "of the walk",
    "title": "Shoes",
    "url": "https://example.com/shoes",
    "currency": "USD",
    "status": "outOfStock",
}
BODIES: dict[str, dict[str, object]] = {
    EVENTS: {"event_data": {"type": "walked"}},
    f"{EVENTS}/batch": {"events": [{"event_data": {"type": "walked"}}]},
    PARTICIPANTS: {"external_id": "walker"},
    "/v1/programs/{program_id}/participants/{participant_id}/counters": {"changes": {"points": 1}},
    "/v1/automation/rules/{rule_id}/snooze": {"snoozed_until": None},
    "/v1/automation/rules/{rule_id}/alert-settings": {"preset": "balanced"},
    "/v1/automation/rules/{rule_id}/schedule": {"schedule_settings": None},
    "/v1/automation/rules/{rule_id}/rollout": {"rollout_percentage": 100},
    "/api/products": PRODUCT | {"id": "of the walk too"},
    "/api/products/{productID}": PRODUCT,
    "/api/products/{productID}/back-in-stock-subscriptions": {"contact": {"id": "walker"}},
    "/api/segments": {"name": "of the walk too", "expression": "true"},
    "/api/segments/preview": {"expression": "true"},
    "/api/segments/{segmentID}": {"name": "of the walk", "expression": "true"},
    "/api/events": {"eventName": "walked", "contact": {"id": "walker"}},
    "/api/event-metadata/query": {"category": "events"},
    "/api/analytics/statistics": {
        "queries": [
            {
                "dateRange": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"},
                "metrics": [{"name": "sent"}],
            }
        ]
    },
    "/api/automations/{id}/blocks": {"blocks": [tag()]},
    "/api/automations/{id}/enrollments/{enrollmentID}/move": {"blockID": "x"},
    "/api/automations/{id}/publish": {},
    "/api/automations/{id}/blocks/{blockID}/test-email": {"recipients": ["nobody@example.com"]},
    "/api/automations/{id}/publish/preview": {},
    "/api/automations/{id}/simulate": {},
    "/api/automations/{id}/disable": {"contactsInWorkflow": "keep"},
    "/api/automations/{id}/blocks/{blockID}/utm": {"tags": {"source": "", "medium": "", "campaign": ""}},
}
IN_A_PROGRAM = [
    route
    for route in ROUTES
    if "{program_id}" in route.path
    or route.path.startswith((EVENTS, EVENT_TYPES, PARTICIPANTS, PROBLEM_PATHS))
    or route in OF_JOURNEYS
]
# There may be no event like it, and every program has these.
OF_ANY = {
    "/v1/automation/events/fingerprint/{payload_hash}",
    "/v1/programs/{program_id}/stock-automations/{stock_name}",
}
# What is not there is as good as deleted.
DELETING_ANY = {
    Route("DELETE", "/api/automations/{id}"),
    Route("DELETE", "/api/products/{productID}"),
    Route("DELETE", "/api/segments/{segmentID}"),
    Route("DELETE", "/api/products/{productID}/back-in-stock-subscriptions/{contactID}"),
}
OF_ONE_THING = [
    route
    for route in IN_A_PROGRAM
    if "{" in route.path.replace("{program_id}", "")
    and route.path not in OF_ANY
    and route not in DELETING_ANY
]
NAMING_BY_HEADER = [*OF_SUPERVISORS, *OF_JOURNEYS]
NAMING_A_PROGRAM = [
    route
    for route in IN_A_PROGRAM
    if "{program_id}" in route.path or route in NAMING_BY_HEADER or route not in OF_ONE_THING
]
