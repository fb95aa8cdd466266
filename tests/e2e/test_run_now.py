"""Run now: an automation run on request, with the counts in the answer, exactly as its callers know it."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.app import create_app
from cli.stack import Stack
from domain.roles import Role
from runtime.settings import Settings
from store.database import Database
from tests.e2e.test_send_gates import quiet_now, set_sending
from tests.fixtures.carillon import Carillon
from tests.fixtures.people import add_many_people, query
from tests.fixtures.users import token_of_new_user

MAIL = {"type": "send_message", "channel": "email", "subject": "Hi", "body": "Hello"}
NOT_TRIGGERABLE = "Automation cannot be triggered (must be active and idle or cron+program)"
NOT_FOUND = "Automation not found"
EXECUTED = ["success", "processed", "sent", "skipped", "failed", "errors", "timestamp"]
UNFINISHED = ["success", "processed", "sent", "skipped", "failed", "errors", "message", "timestamp"]
INACTIVE = ["success", "message", "processed", "sent", "skipped", "failed", "timestamp"]
FAILED = ["success", "error", "timestamp"]
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def told(answer: httpx.Response, status: int, keys: list[str]) -> dict[str, Any]:
    """The body, which has these keys in this order and no others."""
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert list(body) == keys
    if "timestamp" in keys:
        assert TIMESTAMP.fullmatch(body["timestamp"])
    return body


async def run(client: httpx.AsyncClient, automation_id: str, **headers: str) -> httpx.Response:
    return await client.post(f"/api/automations/{automation_id}/run", headers=headers, timeout=90)


@pytest.fixture(scope="module")
async def database(stack: Stack) -> AsyncIterator[Database]:
    url = stack.addresses.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    database = Database(url, pool_size=4)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def anybody(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=stack.addresses.api_url) as client:
        yield client


async def cookie(database: Database, role: Role, program_id: UUID | None = None) -> dict[str, str]:
    async with database.transaction() as session:
        return {"Cookie": f"carillon_session={await token_of_new_user(session, role, program_id)}"}


async def test_the_answer_counts_what_was_sent_skipped_and_failed(carillon: Carillon, stack: Stack) -> None:
    subscribed = {"consent": {"email": "subscribed"}}
    await carillon.add_people(3, email="own", **subscribed)
    await carillon.add_people(2, email="own")
    (person,) = await carillon.add_people(1, email="own", **subscribed)
    # Of before addresses were checked: now none like it is taken in.
    broken = "UPDATE participant SET email = 'not an address' WHERE id = %s RETURNING id"
    await query(stack.addresses.database_url, broken, person)
    automation = await carillon.create(action=MAIL)

    body = told(await run(carillon.http, automation["id"]), 200, EXECUTED)

    assert (body["success"], body["processed"]) == (True, 6)
    assert (body["sent"], body["skipped"], body["failed"]) == (3, 2, 1)
    assert body["errors"] == ["Failed to send to not an address: Invalid email address"]
    (recorded,) = await carillon.runs(automation["id"])
    assert (recorded["status"], recorded["cause"], recorded["requested_by"]) == (
        "completed",
        "manual",
        "admin",
    )


async def test_mails_that_wait_for_the_end_of_quiet_hours_are_not_counted_yet(carillon: Carillon) -> None:
    await set_sending(carillon, quiet_now())
    await carillon.add_people(2, email="own", consent={"email": "subscribed"}, timezone="UTC")
    await carillon.add_people(1, email="own")
    automation = await carillon.create(action=MAIL)
    body = told(await run(carillon.http, automation["id"]), 200, UNFINISHED)
    assert [body[name] for name in ("processed", "sent", "skipped", "failed", "errors")] == [1, 0, 1, 0, []]
    assert body["message"] == "2 deferred"
    (recorded,) = await carillon.runs(automation["id"])
    counts = recorded["counts"]
    assert (recorded["status"], counts["pending"], counts["deferred"]) == ("completed", 2, 2)


@pytest.mark.parametrize("status", ["paused", "archived"])
async def test_an_inactive_automation_is_a_success_with_zeros(carillon: Carillon, status: str) -> None:
    await carillon.add_people(1)
    automation = await carillon.create()
    if status == "paused":
        await carillon.patch(automation["id"], status="paused")
    else:
        await carillon.delete(automation["id"])
    body = told(await run(carillon.http, automation["id"]), 200, INACTIVE)
    assert (body["success"], body["message"]) == (True, "Automation is not active")
    assert [body[name] for name in ("processed", "sent", "skipped", "failed")] == [0, 0, 0, 0]
    assert await carillon.runs(automation["id"]) == []


@pytest.mark.parametrize(
    "unknown", ["00000000-0000-4000-8000-000000000001", "0123456789abcdef01234567", "no-id", "a/b"]
)
async def test_an_automation_that_does_not_exist_is_a_server_error(
    http: httpx.AsyncClient, unknown: str
) -> None:
    body = told(await run(http, unknown), 500, FAILED)
    assert (body["success"], body["error"]) == (False, NOT_FOUND)


@pytest.mark.parametrize("empty", ["", "%20"])
async def test_without_an_id_one_is_asked_for(http: httpx.AsyncClient, empty: str) -> None:
    body = told(await run(http, empty), 400, ["error", "timestamp"])
    assert body["error"] == "Automation ID is required"


@pytest.mark.parametrize(
    "headers", [{}, {"X-API-Key": "sk_wrong"}, {"Cookie": "carillon_session=wrong"}], ids=str
)
async def test_strangers_are_told_that_and_nothing_else(
    anybody: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    for automation_id in (str(uuid4()), "", "x"):
        body = told(await run(anybody, automation_id, **headers), 401, ["error"])
        assert body == {"error": "Unauthorized"}


async def test_whoever_has_logged_in_may_run_it_whatever_their_role(
    carillon: Carillon, anybody: httpx.AsyncClient, database: Database
) -> None:
    await carillon.add_people(1)
    automation = await carillon.create()
    for number, role in enumerate(Role, start=1):
        session = await cookie(database, role)
        assert told(await run(anybody, automation["id"], **session), 200, EXECUTED)["sent"] == 1
        recorded = await carillon.closed_run(automation["id"], number)
        assert recorded["requested_by"] == f"the {role}"


async def test_who_is_bound_to_a_program_runs_nothing_of_another(
    carillon: Carillon, anybody: httpx.AsyncClient, database: Database, http: httpx.AsyncClient
) -> None:
    automation = await carillon.create()
    elsewhere = (await http.post("/v1/programs", json={"name": "Elsewhere"})).json()["id"]
    for program_id, status in ((elsewhere, 500), (carillon.program_id, 200)):
        session = await cookie(database, Role.VIEWER, UUID(program_id))
        answer = await run(anybody, automation["id"], **session)
        assert answer.status_code == status
    assert len(await carillon.runs(automation["id"])) == 1


async def test_a_page_of_another_site_runs_nothing(
    carillon: Carillon, anybody: httpx.AsyncClient, database: Database
) -> None:
    automation = await carillon.create()
    session = await cookie(database, Role.ADMIN)
    answer = await run(anybody, automation["id"], **session, **{"Sec-Fetch-Site": "cross-site"})
    assert told(answer, 403, ["error", "status"])["status"] == 403
    assert await carillon.runs(automation["id"]) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"scope": "program", "trigger": {"type": "one_time", "trigger_at": "2099-01-01T00:00:00Z"}},
        {
            "trigger": {
                "type": "participant_state",
                "schedule_type": "INTERVAL",
                "schedule_config": {"interval_days": 1},
            }
        },
    ],
    ids=["one_time of program scope", "participant_state"],
)
async def test_what_cannot_be_triggered_is_a_server_error_that_says_so(
    carillon: Carillon, fields: dict[str, Any]
) -> None:
    automation = await carillon.create(**fields)
    body = told(await run(carillon.http, automation["id"]), 500, FAILED)
    assert (body["success"], body["error"]) == (False, NOT_TRIGGERABLE)


async def test_at_program_scope_an_event_is_made_and_nobody_is_processed(
    carillon: Carillon, stack: Stack
) -> None:
    automation = await carillon.create(scope="program")
    body = told(await run(carillon.http, automation["id"]), 200, EXECUTED)
    assert (body["processed"], body["errors"]) == (0, [])
    counted = "SELECT count(*) FROM event WHERE automation_id = %s"
    assert await query(stack.addresses.database_url, counted, automation["id"]) == [(1,)]


async def test_who_asks_at_the_same_time_joins_one_run(carillon: Carillon, stack: Stack) -> None:
    await add_many_people(stack.addresses.database_url, carillon.program_id, 300)
    automation = await carillon.create(action=MAIL)
    answers = await asyncio.gather(*(run(carillon.http, automation["id"]) for _ in range(4)))
    for answer in answers:
        assert told(answer, 200, EXECUTED)["sent"] == 300
    assert len(await carillon.runs(automation["id"])) == 1


async def test_sent_again_with_its_idempotency_key_it_runs_once(carillon: Carillon) -> None:
    await carillon.add_people(2)
    automation = await carillon.create()
    key = {"Idempotency-Key": str(uuid4())}
    first = await run(carillon.http, automation["id"], **key)
    second = await run(carillon.http, automation["id"], **key)
    assert (second.text, second.headers["Idempotency-Replayed"]) == (first.text, "true")
    assert len(await carillon.runs(automation["id"])) == 1


async def test_an_attempt_beside_one_that_still_waits_finds_its_run(carillon: Carillon, stack: Stack) -> None:
    await carillon.add_people(2)
    automation = await carillon.create()
    key = {"Idempotency-Key": str(uuid4())}
    first = await run(carillon.http, automation["id"], **key)
    # As it is while the first attempt has no answer and its claim has run out.
    lost = (
        "UPDATE idempotency_key SET status = NULL, body = NULL, claimed_until = now() "
        "WHERE request LIKE %s RETURNING id"
    )
    assert await query(stack.addresses.database_url, lost, f"%{automation['id']}%")
    second = await run(carillon.http, automation["id"], **key)
    assert told(second, 200, EXECUTED)["sent"] == told(first, 200, EXECUTED)["sent"] == 2
    assert len(await carillon.runs(automation["id"])) == 1


async def test_a_run_that_takes_longer_is_answered_as_far_as_it_is_and_goes_on(
    carillon: Carillon, stack: Stack, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    people = 2_000
    await add_many_people(stack.addresses.database_url, carillon.program_id, people)
    automation = await carillon.create(action=MAIL)
    settings = Settings(
        database_url=stack.addresses.database_url,
        temporal_address=stack.addresses.temporal_address,
        run_now_seconds=0.05,
    )
    app = create_app(settings)
    headers = {"X-API-Key": stack.addresses.admin_key}
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as client:
            with caplog.at_level(logging.INFO, logger="carillon.api"):
                body = told(await run(client, automation["id"]), 200, UNFINISHED)

    assert re.fullmatch(r"Still running(; [\d,]+ pending)?", body["message"])
    assert body["processed"] == body["sent"] + body["skipped"] + body["failed"] < people
    assert (
        f"Automation executed successfully automationId={automation['id']} processed={body['processed']} "
        f"sent={body['sent']} skipped=0 failed=0"
    ) in caplog.text
    assert "@example.com" not in caplog.text
    recorded = await carillon.closed_run(automation["id"])
    assert (recorded["status"], recorded["counts"]["sent"]) == ("completed", people)


async def test_a_run_that_is_held_is_answered_as_far_as_it_came(carillon: Carillon, stack: Stack) -> None:
    await add_many_people(stack.addresses.database_url, carillon.program_id, 400)
    broken = "UPDATE participant SET email = 'not an address' WHERE program_id = %s RETURNING id"
    await query(stack.addresses.database_url, broken, carillon.program_id)
    policy = {"hold_after_failures": {"percentage": 50, "of_last": 10}}
    automation = await carillon.create(action={**MAIL, "sending": policy})
    body = told(await run(carillon.http, automation["id"]), 200, UNFINISHED)
    assert re.fullmatch(r"Held: \d+ of the last 10 messages did not arrive; \d+ pending", body["message"])
    assert 10 <= body["failed"] == body["processed"] < 400
    (recorded,) = await carillon.runs(automation["id"])
    assert recorded["status"] == "held"
    await carillon.cancel(automation["id"])


async def test_a_cancelled_run_is_no_success(carillon: Carillon, stack: Stack) -> None:
    await add_many_people(stack.addresses.database_url, carillon.program_id, 5_000)
    automation = await carillon.create(action=MAIL)
    running = asyncio.create_task(run(carillon.http, automation["id"]))
    while not (await carillon.runs(automation["id"])):
        await asyncio.sleep(0.02)
    await carillon.cancel(automation["id"])
    body = told(await running, 500, FAILED)
    assert (body["success"], body["error"]) == (False, "The execution was cancelled")
