"""Each field of the seed's response object is true, at each moment; a test for each."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter

from cli.stack import Stack
from tests.contract.seed_surface.automations import PAIRS, Pair
from tests.contract.seed_surface.bodies import FAR_AHEAD, OF_PARTICIPANTS, TRIGGERS, create
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.people import add_many_people

CRON_PROGRAM = Pair("cron", "program", triggerable=True)
CRON = Pair("cron", "participants", triggerable=True)
ONE_TIME = Pair("one_time", "participants", triggerable=True)
ONE_TIME_PROGRAM = Pair("one_time", "program", triggerable=False)
IMMEDIATE = Pair("immediate", "participants", triggerable=True)
WATCHING = Pair("participant_state", "participants", triggerable=False)
PAST = "2020-01-01T00:00:00Z"
MANY = 4_000
SLOWLY: dict[str, Any] = {
    "cohort_size": 100,
    "action": {"type": "send_message", "channel": "email", "subject": "Hi", "body": "Hello"},
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def shown_when(carillon: Carillon, automation_id: str, field: str, *values: object) -> dict[str, Any]:
    """The automation as soon as the field has one of these values."""

    async def look() -> dict[str, Any] | None:
        shown = await carillon.get(automation_id)
        return shown if shown[field] in values else None

    found: dict[str, Any] = await eventually(look)
    return found


async def long_fan_out(carillon: Carillon, stack: Stack, pair: Pair, **fields: Any) -> str:
    """An automation whose run is under way, to thousands of people."""
    await add_many_people(stack.addresses.database_url, carillon.program_id, MANY)
    created = await create(carillon, pair, **SLOWLY, **fields)
    if pair == CRON:
        assert (await carillon.trigger(created["id"])).status_code == 200
    await shown_when(carillon, created["id"], "execution_status", "executing")
    return str(created["id"])


async def test_id_is_where_it_is_found(carillon: Carillon) -> None:
    created = await create(carillon, CRON)
    assert await carillon.get(created["id"]) == created


async def test_program_id_is_the_program_it_was_created_in(carillon: Carillon) -> None:
    assert (await create(carillon, CRON))["program_id"] == carillon.program_id


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        ("name", "First", "Second"),
        ("event_name", "first", "second"),
        ("description", "First", "Second"),
        ("payload", {"edition": 1}, {"edition": 2, "list": [None, {"deep": True}]}),
        ("participant_filter", '"a" in participant.tags', '"b" in participant.tags'),
        ("guard_condition", '"a" in participant.tags', '"b" in participant.tags'),
        ("filter_hints", [{"type": "has_tag", "key": "a"}], [{"type": "has_counter", "key": "b"}]),
    ],
)
async def test_what_the_client_states_is_what_was_stated_last(
    carillon: Carillon, field: str, first: object, second: object
) -> None:
    created = await create(carillon, CRON, **{field: first})
    assert created[field] == first
    assert (await carillon.patch(created["id"], **{field: second})).json()[field] == second
    assert (await carillon.get(created["id"]))[field] == second


async def test_source_is_api_for_what_a_client_creates(carillon: Carillon) -> None:
    assert (await create(carillon, CRON))["source"] == "api"


@pytest.mark.parametrize("pair", PAIRS, ids=str)
async def test_trigger_type_and_scope_are_those_asked_for(carillon: Carillon, pair: Pair) -> None:
    created = await create(carillon, pair)
    assert (created["trigger_type"], created["scope"]) == (pair.trigger_type, pair.scope)


async def test_status_follows_pause_resume_and_archive(carillon: Carillon) -> None:
    created = await create(carillon, CRON)
    assert created["status"] == "active"
    for status in ("paused", "active"):
        assert (await carillon.patch(created["id"], status=status)).json()["status"] == status
    await carillon.delete(created["id"])
    assert (await carillon.get(created["id"]))["status"] == "archived"


@pytest.mark.parametrize("pair", [ONE_TIME, ONE_TIME_PROGRAM], ids=str)
async def test_status_is_completed_once_a_one_time_automation_has_fired(
    carillon: Carillon, pair: Pair
) -> None:
    created = await create(carillon, pair, trigger={"type": "one_time", "trigger_at": PAST})
    assert (await shown_when(carillon, created["id"], "status", "completed"))["processed_at"] is not None


async def test_created_at_is_the_moment_of_creation_and_updated_at_that_of_the_last_change(
    carillon: Carillon,
) -> None:
    before = datetime.now(UTC)
    created = await create(carillon, CRON)
    between = datetime.now(UTC)
    assert before <= at(created["created_at"]) <= at(created["updated_at"]) <= between
    patched = (await carillon.patch(created["id"], name="Renamed")).json()
    assert patched["created_at"] == created["created_at"]
    assert between <= at(patched["updated_at"]) <= datetime.now(UTC)


async def test_timezone_and_cron_expression_are_as_stated_and_utc_without_a_word(carillon: Carillon) -> None:
    created = await create(carillon, CRON)
    assert (created["timezone"], created["cron_expression"]) == (
        TRIGGERS["cron"]["timezone"],
        TRIGGERS["cron"]["cron_expression"],
    )
    assert (await create(carillon, IMMEDIATE))["timezone"] == "UTC"


async def test_next_run_at_is_the_next_occurrence_in_the_automations_zone(carillon: Carillon) -> None:
    created = await create(carillon, CRON)
    changes = ({"cron_expression": "15 9 1 7 *"}, {"timezone": "Asia/Kathmandu"}, {"status": "active"})
    shown = [created, *[(await carillon.patch(created["id"], **change)).json() for change in changes]]
    for each in shown:
        here = datetime.now(ZoneInfo(each["timezone"]))
        expected = croniter(each["cron_expression"], here).get_next(datetime)
        assert at(each["next_run_at"]) == expected


async def test_next_run_at_is_null_while_the_clock_will_not_fire(carillon: Carillon) -> None:
    created = await create(carillon, CRON)
    assert (await carillon.patch(created["id"], status="paused")).json()["next_run_at"] is None
    await carillon.patch(created["id"], status="active")
    await carillon.delete(created["id"])
    assert (await carillon.get(created["id"]))["next_run_at"] is None


async def test_next_run_at_is_now_once_cron_of_program_scope_is_triggered(carillon: Carillon) -> None:
    created = await create(carillon, CRON_PROGRAM)
    before = datetime.now(UTC)
    triggered = (await carillon.trigger(created["id"])).json()
    assert before <= at(triggered["next_run_at"]) <= datetime.now(UTC)
    fired = await carillon.once_set(created["id"], "last_run_at")
    assert fired["next_run_at"] == created["next_run_at"]


@pytest.mark.parametrize("pair", [CRON, CRON_PROGRAM], ids=str)
async def test_last_run_at_is_the_moment_of_the_last_fire(carillon: Carillon, pair: Pair) -> None:
    created = await create(carillon, pair)
    assert created["last_run_at"] is None
    for number in (1, 2):
        before = datetime.now(UTC)
        await carillon.trigger(created["id"])
        await carillon.closed_run(created["id"], number)
        shown = await carillon.get(created["id"])
        assert before <= at(shown["last_run_at"]) <= datetime.now(UTC)


async def test_last_error_says_why_the_last_run_failed_until_one_succeeds(
    carillon: Carillon, stack: Stack
) -> None:
    automation_id = await long_fan_out(carillon, stack, CRON)
    assert (await carillon.get(automation_id))["last_error"] is None
    assert "ancelled" in (await carillon.cancel(automation_id)).json()["last_error"]
    await carillon.patch(automation_id, participant_filter="false")
    await carillon.closed_run(automation_id)
    assert (await carillon.trigger(automation_id)).status_code == 200
    await carillon.closed_run(automation_id, 2)
    assert (await carillon.get(automation_id))["last_error"] is None


@pytest.mark.parametrize("pair", [ONE_TIME, ONE_TIME_PROGRAM], ids=str)
async def test_trigger_at_is_the_instant_stated_last(carillon: Carillon, pair: Pair) -> None:
    created = await create(carillon, pair)
    assert at(created["trigger_at"]) == at(FAR_AHEAD)
    later = "2099-06-01T09:00:00+02:00"
    assert at((await carillon.patch(created["id"], trigger_at=later)).json()["trigger_at"]) == at(later)


@pytest.mark.parametrize("pair", [ONE_TIME, ONE_TIME_PROGRAM], ids=str)
async def test_processed_at_is_null_before_and_the_moment_of_completion_after(
    carillon: Carillon, pair: Pair
) -> None:
    before = datetime.now(UTC)
    created = await create(carillon, pair)
    assert created["processed_at"] is None
    due = datetime.now(UTC) + timedelta(seconds=1)
    await carillon.patch(created["id"], trigger_at=due.isoformat())
    shown = await carillon.once_set(created["id"], "processed_at")
    assert before < due <= at(shown["processed_at"]) <= datetime.now(UTC)
    assert (shown["status"], shown["error_message"]) == ("completed", None)


async def test_error_message_says_why_a_one_time_automation_failed(carillon: Carillon, stack: Stack) -> None:
    trigger = {"type": "one_time", "trigger_at": PAST}
    automation_id = await long_fan_out(carillon, stack, ONE_TIME, trigger=trigger)
    assert (await carillon.get(automation_id))["error_message"] is None
    await carillon.cancel(automation_id)
    assert "ancelled" in (await carillon.once_set(automation_id, "error_message"))["error_message"]


async def test_participant_id_is_whom_a_one_time_event_reaches(carillon: Carillon) -> None:
    (person,) = await carillon.add_people(1)
    trigger = {"type": "one_time", "trigger_at": PAST}
    created = await create(carillon, ONE_TIME_PROGRAM, participant_id=person, trigger=trigger)
    assert created["participant_id"] == person
    await carillon.once_set(created["id"], "processed_at")
    query = {"program_id": carillon.program_id, "participant_id": person}
    (event,) = (await carillon.http.get("/v1/events", params=query)).json()["data"]
    assert (event["type"], event["automation_id"]) == (created["event_name"], created["id"])


async def test_schedule_type_and_schedule_config_are_as_stated(carillon: Carillon) -> None:
    created = await create(carillon, WATCHING)
    trigger = TRIGGERS["participant_state"]
    assert created["schedule_type"] == trigger["schedule_type"]
    assert created["schedule_config"] == trigger["schedule_config"]
    another = {"cron_expression": "0 9 1 * *"}
    patched = (await carillon.patch(created["id"], schedule_config=another)).json()
    assert patched["schedule_config"] == another


async def test_last_evaluated_at_is_the_moment_the_filter_was_evaluated_last(carillon: Carillon) -> None:
    before = datetime.now(UTC)
    created = await create(carillon, WATCHING)
    first = (await carillon.once_set(created["id"], "last_evaluated_at"))["last_evaluated_at"]
    assert before <= at(first) <= datetime.now(UTC)
    asked = datetime.now(UTC)
    path = f"{carillon.base}/automations/{created['id']}/refresh-subscriptions"
    assert (await carillon.http.post(path)).status_code == 202

    async def anew() -> bool:
        return at((await carillon.get(created["id"]))["last_evaluated_at"]) >= asked

    await eventually(anew)


async def test_execution_status_goes_from_idle_over_executing_to_completed_and_is_idle_for_a_trigger(
    carillon: Carillon, stack: Stack
) -> None:
    await add_many_people(stack.addresses.database_url, carillon.program_id, MANY)
    created = await create(carillon, CRON, cohort_size=100)
    assert created["execution_status"] == "idle"
    for number in (1, 2):
        triggered = (await carillon.trigger(created["id"])).json()
        seen = [triggered["execution_status"]]
        while seen[-1] != "completed":
            seen.append((await carillon.get(created["id"]))["execution_status"])
        assert list(dict.fromkeys(seen)) in (
            ["pending", "executing", "completed"],
            ["executing", "completed"],
        )
        assert (await carillon.closed_run(created["id"], number))["status"] == "completed"


async def test_execution_status_is_failed_once_cancelled_and_execution_error_says_why(
    carillon: Carillon, stack: Stack
) -> None:
    automation_id = await long_fan_out(carillon, stack, CRON)
    assert (await carillon.get(automation_id))["execution_error"] is None
    cancelled = (await carillon.cancel(automation_id)).json()
    assert (cancelled["status"], cancelled["execution_status"]) == ("active", "failed")
    assert "ancelled" in cancelled["execution_error"]


async def test_execution_started_at_and_execution_completed_at_enclose_the_run(
    carillon: Carillon, stack: Stack
) -> None:
    created = await create(carillon, CRON)
    assert (created["execution_started_at"], created["execution_completed_at"]) == (None, None)
    before = datetime.now(UTC)
    automation_id = await long_fan_out(carillon, stack, CRON)
    during = await carillon.get(automation_id)
    assert before <= at(during["execution_started_at"]) <= datetime.now(UTC)
    assert during["execution_completed_at"] is None
    await carillon.cancel(automation_id)
    after = await carillon.get(automation_id)
    assert after["execution_started_at"] == during["execution_started_at"]
    assert at(after["execution_started_at"]) < at(after["execution_completed_at"]) <= datetime.now(UTC)


async def test_participants_total_and_participants_processed_move_while_it_runs(
    carillon: Carillon, stack: Stack
) -> None:
    created = await create(carillon, CRON, **OF_PARTICIPANTS)
    assert (created["participants_total"], created["participants_processed"]) == (0, 0)
    automation_id = await long_fan_out(carillon, stack, CRON)
    processed: list[int] = []
    while True:
        shown = await carillon.get(automation_id)
        if shown["execution_status"] != "executing":
            break
        assert shown["participants_total"] == MANY
        processed.append(shown["participants_processed"])
        await asyncio.sleep(0.05)
    assert processed == sorted(processed)
    assert any(0 < count < MANY for count in processed)
    assert (shown["participants_total"], shown["participants_processed"]) == (MANY, MANY)
