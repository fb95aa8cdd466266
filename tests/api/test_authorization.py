"""Who may call what: every route of the API, over HTTP."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid4

import httpx
import pytest

from api.app import create_app
from api.session_cookie import COOKIE
from cli.stack import Stack
from runtime.settings import Settings
from store.api_keys import Role, new_key, store_key
from store.database import Database
from tests.api.every_route import (
    BODIES,
    EVENTS,
    FILES_OF_THE_DOCUMENTATION,
    IN_A_PROGRAM,
    LINKS,
    NAMING_A_PROGRAM,
    NAMING_BY_HEADER,
    NAMING_ONE_BESIDE,
    OF_ADMINS,
    OF_ONE_THING,
    OF_SCHEDULERS,
    OF_SUPERVISORS,
    OPEN,
    PRODUCT,
    READING,
    READS,
    ROUTES,
    SIGNED,
    WRITES,
    Route,
    all_routes,
)
from tests.api.journeys_surface import JourneysSurface, sms
from tests.api.rules_surface import RulesSurface
from tests.fixtures.carillon import Carillon
from tests.fixtures.journeys import pass_of
from tests.fixtures.message_templates import add_template
from tests.fixtures.users import new_user, token_of_new_user

Headers = dict[str, str]


class Credentials(NamedTuple):
    """What callers send, by what they may do."""

    viewer: Headers
    agent: Headers
    supervisor: Headers
    revoked: Headers
    bound: Headers
    bound_elsewhere: Headers
    elsewhere: UUID


@pytest.fixture(scope="module")
async def ids(http: httpx.AsyncClient, stack: Stack, record: Database) -> dict[str, str]:
    """A program with a person and an automation that has run."""
    carillon = await Carillon.with_new_program(http, stack.addresses.inbox_url)
    (person,) = await carillon.add_people(1)
    automation = await carillon.create(trigger={"type": "immediate"})
    run = await carillon.closed_run(automation["id"])
    message = await carillon.mailed()
    suppressed = {"channel": "email", "address": "nobody@example.com"}
    suppression = await http.post(f"{carillon.base}/suppressions", json=suppressed)
    key = await http.post("/v1/api-keys", json={"name": "of the walk", "role": "viewer"})
    user = await http.post("/v1/users", json=new_user())
    everyone = {"name": "everyone", "expression": "true"}
    segment = await http.post(f"{carillon.base}/segments", json=everyone)
    template = await add_template(http, carillon.base)
    of_program = {"X-Program-Id": carillon.program_id}
    await http.post("/api/products", json=PRODUCT, headers=of_program)
    conversation = await http.post(f"{carillon.base}/conversations", json={})
    rule = await http.post(
        "/v1/automation/rules",
        headers={"X-Program-Id": carillon.program_id},
        json={"name": "of the walk", "trigger_type": "walked"},
    )
    event = await http.post(
        EVENTS, json={"program_id": carillon.program_id, "event_data": {"type": "walked"}}
    )
    journey = await JourneysSurface(http, carillon.program_id).create(sms())
    webhooks = f"{carillon.base}/webhooks"
    webhook = await http.post(webhooks, json={"url": "https://receiver.invalid/"})
    delivery = await http.post(f"{webhooks}/{webhook.json()['id']}/test")
    return {
        "program_id": carillon.program_id,
        "participant_id": person,
        "automation_id": automation["id"],
        "run_id": run["id"],
        "event_id": event.json()["id"],
        "payload_hash": event.json()["payload_hash"],
        "rule_run_id": await RulesSurface(http, carillon.program_id).run_on(event.json()["id"]),
        "event_type": automation["event_name"],
        "conversation_id": conversation.json()["id"],
        "api_key_id": key.json()["id"],
        "user_id": user.json()["id"],
        "stock_name": "birthday",
        "rule_id": rule.json()["id"],
        "segment_id": segment.json()["id"],
        "template_id": template["id"],
        "productID": str(PRODUCT["id"]),
        "contactID": person,
        "segmentID": segment.json()["id"].replace("-", "")[:24],
        "message_id": message["id"],
        "suppression_id": suppression.json()["id"],
        "webhook_id": webhook.json()["id"],
        "delivery_id": delivery.json()["id"],
        "id": journey["id"],
        "blockID": journey["blocks"][0]["id"],
        "enrollmentID": await pass_of(record, UUID(carillon.program_id), journey["id"], UUID(person)),
    }


@pytest.fixture(scope="module", params=["key", "session"])
async def credentials(
    request: pytest.FixtureRequest, http: httpx.AsyncClient, record: Database, ids: dict[str, str]
) -> Credentials:
    """Of API keys, and of people in sessions."""
    own = UUID(ids["program_id"])
    elsewhere = UUID((await http.post("/v1/programs", json={"name": "Elsewhere"})).json()["id"])
    callers = {
        "viewer": (Role.VIEWER, None),
        "agent": (Role.AGENT, None),
        "supervisor": (Role.SUPERVISOR, None),
        "revoked": (Role.ADMIN, None),
        "bound": (Role.ADMIN, own),
        "bound_elsewhere": (Role.ADMIN, elsewhere),
    }
    sent: dict[str, Headers] = {}
    async with record.transaction() as session:
        for name, (role, program_id) in callers.items():
            revoked = name == "revoked"
            if request.param == "session":
                token = await token_of_new_user(session, role, program_id, disabled=revoked)
                sent[name] = {"Cookie": f"{COOKIE}={token}"}
            else:
                key = new_key(name, role, program_id)
                key.record.revoked_at = datetime.now(UTC) if revoked else None
                await store_key(session, key)
                sent[name] = {"X-API-Key": key.secret}
    return Credentials(**sent, elsewhere=elsewhere)


@pytest.fixture(scope="module")
async def stranger(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(base_url=stack.addresses.api_url, timeout=30) as client:
        yield client


async def call(
    client: httpx.AsyncClient, route: Route, ids: dict[str, str], headers: dict[str, str]
) -> httpx.Response:
    body = (
        None if route.method in READING else BODIES.get(route.path, {} if route.method == "PATCH" else None)
    )
    query: dict[str, str] = {}
    if route.path in NAMING_ONE_BESIDE:
        query = {"program_id": ids["program_id"]}
        body = body and body | query
    if route in NAMING_BY_HEADER:
        headers = {"X-Program-Id": ids["program_id"]} | headers
    path = route.path.format(**ids)
    return await client.request(route.method, path, params=query, headers=headers, json=body)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Its status and its code, in whichever shape it is told."""
    told = answer.json()
    if told == {"error": "Unauthorized"}:
        return answer.status_code, "unauthorized"
    code = told["code"] if "code" in told else told["type"].rpartition("/")[2].replace("-", "_")
    return answer.status_code, code


def test_the_walk_covers_every_route_of_the_application() -> None:
    app = create_app(Settings(database_url="postgresql://nobody@localhost/nothing"))
    documented = {
        Route(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item
    }
    assert documented == {route for route in all_routes() if route.path not in SIGNED | LINKS}
    besides = {getattr(route, "path", None) for route in app.routes} - {None}
    assert besides <= OPEN | {FILES_OF_THE_DOCUMENTATION}


async def test_the_documentation_needs_no_other_server(stranger: httpx.AsyncClient) -> None:
    page = (await stranger.get("/docs")).text
    assert "https://" not in page
    for file in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"{FILES_OF_THE_DOCUMENTATION}/{file}" in page
        assert (await stranger.get(f"{FILES_OF_THE_DOCUMENTATION}/{file}")).status_code == 200


@pytest.mark.parametrize("path", sorted(OPEN))
async def test_health_and_documentation_need_no_key(stranger: httpx.AsyncClient, path: str) -> None:
    assert (await stranger.get(path)).status_code == 200


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_without_a_key_the_answer_is_401(
    stranger: httpx.AsyncClient, route: Route, ids: dict[str, str]
) -> None:
    answer = await call(stranger, route, ids, {})
    assert refusal(answer) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_with_a_wrong_key_the_answer_is_401_and_repeats_no_key(
    stranger: httpx.AsyncClient, route: Route, ids: dict[str, str], stack: Stack
) -> None:
    secret = stack.addresses.admin_key
    for headers in (
        {"X-API-Key": f"{secret}x"},
        {"X-API-Key": ""},
        {"X-API-Key": "' OR ''='"},
        {"X-API-Key": "wrong", "Authorization": f"Bearer {secret}"},
        {"Authorization": f"Bearer {secret[:-1]}"},
        {"Authorization": f"Basic {secret}"},
        {"Authorization": secret},
    ):
        answer = await call(stranger, route, ids, headers)
        assert refusal(answer) == (401, "unauthorized"), headers
        assert secret[:-1] not in answer.text


@pytest.mark.parametrize("route", ROUTES, ids=str)
async def test_whose_key_is_revoked_or_who_is_disabled_is_told_401(
    stranger: httpx.AsyncClient, route: Route, ids: dict[str, str], credentials: Credentials
) -> None:
    assert (await call(stranger, route, ids, credentials.revoked)).status_code == 401


@pytest.mark.parametrize("role", ["viewer", "agent"])
@pytest.mark.parametrize("route", WRITES, ids=str)
async def test_who_may_only_read_is_refused_each_write(
    stranger: httpx.AsyncClient, route: Route, ids: dict[str, str], credentials: Credentials, role: str
) -> None:
    answer = await call(stranger, route, ids, getattr(credentials, role))
    assert refusal(answer) == (403, "forbidden")


@pytest.mark.parametrize("role", ["viewer", "agent", "supervisor"])
@pytest.mark.parametrize("route", READS, ids=str)
async def test_every_role_reads(
    stranger: httpx.AsyncClient, route: Route, ids: dict[str, str], credentials: Credentials, role: str
) -> None:
    answer = await call(stranger, route, ids, getattr(credentials, role))
    assert answer.status_code == 200


@pytest.mark.parametrize("route", [route for route in OF_SUPERVISORS if route.method in READING], ids=str)
async def test_only_supervisors_and_admins_read_rules(
    stranger: httpx.AsyncClient, route: Route, ids: dict[str, str], credentials: Credentials
) -> None:
    for role in ("viewer", "agent"):
        answer = await call(stranger, route, ids, getattr(credentials, role))
        assert refusal(answer) == (403, "forbidden")
    answer = await call(stranger, route, ids, credentials.supervisor)
    assert answer.status_code == 200


@pytest.mark.parametrize("route", OF_SCHEDULERS, ids=str)
async def test_no_key_and_no_session_is_a_schedulers_secret(
    stranger: httpx.AsyncClient,
    http: httpx.AsyncClient,
    route: Route,
    ids: dict[str, str],
    credentials: Credentials,
) -> None:
    for client, headers in ((stranger, credentials.supervisor), (stranger, credentials.bound), (http, {})):
        assert refusal(await call(client, route, ids, headers)) == (401, "unauthorized")


@pytest.mark.parametrize("role", ["viewer", "agent", "supervisor"])
@pytest.mark.parametrize("route", OF_ADMINS, ids=str)
async def test_only_admins_reach_keys_and_users(
    stranger: httpx.AsyncClient, route: Route, ids: dict[str, str], credentials: Credentials, role: str
) -> None:
    answer = await call(stranger, route, ids, getattr(credentials, role))
    assert refusal(answer) == (403, "forbidden")


@pytest.mark.parametrize("route", NAMING_A_PROGRAM, ids=str)
async def test_who_is_bound_to_another_program_is_refused(
    stranger: httpx.AsyncClient, route: Route, ids: dict[str, str], credentials: Credentials
) -> None:
    answer = await call(stranger, route, ids, credentials.bound_elsewhere)
    assert refusal(answer) == (403, "forbidden")


@pytest.mark.parametrize("route", OF_ONE_THING, ids=str)
async def test_what_belongs_to_another_program_is_not_found_through_ones_own(
    stranger: httpx.AsyncClient, route: Route, ids: dict[str, str], credentials: Credentials
) -> None:
    through_own = ids | {"program_id": str(credentials.elsewhere)}
    answer = await call(stranger, route, through_own, credentials.bound_elsewhere)
    assert refusal(answer) == (404, "not_found")


@pytest.mark.parametrize("route", OF_ONE_THING, ids=str)
async def test_what_does_not_exist_is_not_found(
    http: httpx.AsyncClient, route: Route, ids: dict[str, str]
) -> None:
    for name in set(ids) - {"program_id"}:
        if f"{{{name}}}" in route.path:
            answer = await call(http, route, ids | {name: str(uuid4())}, {})
            assert refusal(answer) == (404, "not_found")


async def test_who_is_bound_to_a_program_creates_no_programs_and_sees_only_its_own(
    stranger: httpx.AsyncClient, credentials: Credentials, ids: dict[str, str]
) -> None:
    headers = credentials.bound
    assert (await stranger.post("/v1/programs", headers=headers, json={"name": "x"})).status_code == 403
    seen = (await stranger.get("/v1/programs", headers=headers)).json()["data"]
    assert [program["id"] for program in seen] == [ids["program_id"]]


@pytest.mark.parametrize("route", [route for route in READS if route in IN_A_PROGRAM], ids=str)
async def test_who_is_bound_to_a_program_reads_it(
    stranger: httpx.AsyncClient, route: Route, ids: dict[str, str], credentials: Credentials
) -> None:
    assert (await call(stranger, route, ids, credentials.bound)).status_code == 200


async def test_the_refused_left_everything_as_it_was(
    http: httpx.AsyncClient, stranger: httpx.AsyncClient, ids: dict[str, str], credentials: Credentials
) -> None:
    path = "/v1/programs/{program_id}/automations/{automation_id}".format(**ids)
    before = (await http.get(path)).json()
    for headers in (credentials.viewer, credentials.bound_elsewhere, credentials.revoked):
        for route in WRITES:
            await call(stranger, route, ids, headers)
    assert (await http.get(path)).json() == before
    assert (
        await http.get("/v1/programs/{program_id}/participants/{participant_id}".format(**ids))
    ).is_success
