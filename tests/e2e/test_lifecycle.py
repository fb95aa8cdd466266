"""The life of an automation over HTTP: create, fire, pause, amend, cancel, archive."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.stack import Stack
from tests.fixtures.carillon import FAR_FROM_NOW, Carillon, eventually
from tests.fixtures.people import add_many_people, query

REFUSED = "Automation cannot be triggered (must be active and idle or cron+program)"
MAIL = {"type": "send_message", "channel": "email", "subject": "Hi", "body": "Hello"}


def in_seconds(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


async def status_becomes(carillon: Carillon, automation_id: str, status: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        shown = await carillon.get(automation_id)
        return shown if shown["status"] == status else None

    found: dict[str, Any] = await eventually(look, within=40)
    return found


async def events_of(stack: Stack, automation_id: str) -> list[tuple[object, ...]]:
    return await query(
        stack.addresses.database_url,
        "SELECT participant_id, type, event_data FROM event WHERE automation_id = %s",
        automation_id,
    )


async def test_triggering_cron_of_program_scope_makes_one_event_with_the_payload(
    carillon: Carillon, stack: Stack
) -> None:
    automation = await carillon.create(
        scope="program", event_name="digest", payload={"edition": 7, "type": "ignored"}
    )
    before = datetime.now(UTC)
    answer = await carillon.trigger(automation["id"])

    assert answer.status_code == 200
    assert before <= datetime.fromisoformat(answer.json()["next_run_at"]) <= datetime.now(UTC)
    run = await carillon.closed_run(automation["id"])
    assert (run["status"], run["cause"]) == ("completed", "manual")
    assert await events_of(stack, automation["id"]) == [(None, "digest", {"edition": 7, "type": "digest"})]
    shown = await carillon.get(automation["id"])
    assert datetime.fromisoformat(shown["next_run_at"]).month == 1
    assert shown["last_run_at"] is not None
    assert shown["execution_status"] is None
    assert "participants_total" not in shown


async def test_a_cron_automation_fires_by_its_schedule(carillon: Carillon, stack: Stack) -> None:
    automation = await carillon.create(
        scope="program", trigger={"type": "cron", "cron_expression": "* * * * *"}
    )
    run = await carillon.closed_run(automation["id"], within=90)
    await carillon.delete(automation["id"])

    assert run["cause"] == "schedule"
    nominal = datetime.fromisoformat(run["nominal_at"])
    assert (nominal.second, nominal.microsecond) == (0, 0)
    assert run["nominal_at"] == automation["next_run_at"]


async def test_one_time_fires_at_its_instant_and_is_completed(carillon: Carillon) -> None:
    people = await carillon.add_people(2)
    automation = await carillon.create(trigger={"type": "one_time", "trigger_at": in_seconds(2)})

    shown = await status_becomes(carillon, automation["id"], "completed")

    assert shown["processed_at"] >= automation["trigger_at"]
    run = await carillon.closed_run(automation["id"])
    assert run["counts"]["sent"] == len(people)
    assert (await carillon.trigger(automation["id"])).json()["message"] == REFUSED


async def test_one_time_in_the_past_fires_at_once(carillon: Carillon, stack: Stack) -> None:
    person = (await carillon.add_people(1))[0]
    automation = await carillon.create(
        scope="program",
        participant_id=person,
        trigger={"type": "one_time", "trigger_at": "2020-02-29T12:00:00.250Z"},
    )
    await status_becomes(carillon, automation["id"], "completed")
    assert [str(row[0]) for row in await events_of(stack, automation["id"])] == [person]


async def test_immediate_fires_on_creation_and_may_be_triggered_again(carillon: Carillon) -> None:
    await carillon.add_people(3)
    automation = await carillon.create(trigger={"type": "immediate"})
    first = await carillon.closed_run(automation["id"], 1)
    assert (first["cause"], first["counts"]["sent"]) == ("immediate", 3)

    assert (await carillon.trigger(automation["id"])).status_code == 200
    second = await carillon.closed_run(automation["id"], 2)
    assert second["counts"]["sent"] == 3


async def test_triggering_twice_at_once_gives_one_run_and_the_seeds_refusal(carillon: Carillon) -> None:
    await carillon.add_people(5)
    automation = await carillon.create()

    answers = await asyncio.gather(carillon.trigger(automation["id"]), carillon.trigger(automation["id"]))

    assert sorted(answer.status_code for answer in answers) == [200, 400]
    refused = next(answer for answer in answers if answer.status_code == 400)
    assert refused.json()["message"] == REFUSED
    await carillon.closed_run(automation["id"])
    assert len(await carillon.runs(automation["id"])) == 1


async def test_a_paused_automation_does_not_fire_and_resumes_from_now(carillon: Carillon) -> None:
    automation = await carillon.create()
    paused = (await carillon.patch(automation["id"], status="paused")).json()
    assert (paused["status"], paused["next_run_at"]) == ("paused", None)
    assert (await carillon.trigger(automation["id"])).json()["message"] == REFUSED

    resumed = (await carillon.patch(automation["id"], status="active")).json()
    assert resumed["status"] == "active"
    assert resumed["next_run_at"] == automation["next_run_at"]
    assert (await carillon.trigger(automation["id"])).status_code == 200


async def test_pausing_leaves_a_fan_out_in_progress_alone(carillon: Carillon, stack: Stack) -> None:
    await add_many_people(stack.addresses.database_url, carillon.program_id, 5_000)
    automation = await carillon.create(cohort_size=100)
    await carillon.trigger(automation["id"])
    await carillon.patch(automation["id"], status="paused")
    run = await carillon.closed_run(automation["id"])
    assert run["counts"]["sent"] == 5_000
    assert (await carillon.get(automation["id"]))["status"] == "paused"


async def test_patch_changes_only_what_is_sent(carillon: Carillon) -> None:
    automation = await carillon.create(description="first", guard_condition='"vip" in participant.tags')
    answer = await carillon.patch(automation["id"], name="renamed")
    changed = answer.json()
    assert answer.status_code == 200
    differing = {field for field in changed if changed[field] != automation[field]}
    assert differing == {"name", "updated_at"}

    cleared = (await carillon.patch(automation["id"], guard_condition=None)).json()
    assert (cleared["guard_condition"], cleared["description"]) == (None, "first")


async def test_concurrent_patches_of_different_fields_all_hold(carillon: Carillon) -> None:
    automation = await carillon.create()
    changes: list[dict[str, Any]] = [
        {"description": "d"},
        {"event_name": "e"},
        {"payload": {"p": 1}},
        {"timezone": "Asia/Kathmandu"},
        {"cron_expression": "30 4 1 6 *"},
        {"status": "paused"},
    ]
    answers = await asyncio.gather(*(carillon.patch(automation["id"], **change) for change in changes))
    assert [answer.status_code for answer in answers] == [200] * len(changes)
    shown = await carillon.get(automation["id"])
    for change in changes:
        for field, value in change.items():
            assert shown[field] == value


async def test_changing_the_cron_moves_the_next_fire(carillon: Carillon) -> None:
    automation = await carillon.create()
    changed = (
        await carillon.patch(automation["id"], cron_expression="15 9 29 2 *", timezone="America/New_York")
    ).json()
    next_run_at = datetime.fromisoformat(changed["next_run_at"])
    assert (next_run_at.month, next_run_at.day, next_run_at.hour, next_run_at.minute) == (2, 29, 14, 15)


async def test_cancelling_keeps_what_was_done_and_skips_the_rest(carillon: Carillon, stack: Stack) -> None:
    people = 4_000
    await add_many_people(stack.addresses.database_url, carillon.program_id, people)
    automation = await carillon.create(action=MAIL, cohort_size=200)
    await carillon.trigger(automation["id"])

    async def under_way() -> bool:
        return bool((await carillon.get(automation["id"]))["participants_processed"] > 50)

    await eventually(under_way)
    answer = await carillon.cancel(automation["id"])
    sent_at_answer = await carillon.inbox_total()

    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["execution_status"]) == ("active", "failed")
    run = await carillon.closed_run(automation["id"])
    counts = run["counts"]
    assert run["status"] == "cancelled"
    assert counts["skipped"]["cancelled"] > 0
    assert counts["sent"] + counts["skipped"]["cancelled"] + counts["unknown"] == people
    await asyncio.sleep(2)
    assert await carillon.inbox_total() == sent_at_answer, "a mail left after the cancellation was answered"
    assert (await carillon.get(automation["id"]))["participants_processed"] == people
    assert (await carillon.cancel(automation["id"])).status_code == 400
    assert (await carillon.trigger(automation["id"])).status_code == 200
    await carillon.cancel(automation["id"])


async def test_archiving_is_final_and_the_record_stays_readable(carillon: Carillon) -> None:
    automation = await carillon.create()
    assert (await carillon.delete(automation["id"])).status_code == 204
    assert (await carillon.delete(automation["id"])).status_code == 204
    assert (await carillon.get(automation["id"]))["status"] == "archived"
    assert (await carillon.patch(automation["id"], status="active")).status_code == 400
    assert (await carillon.trigger(automation["id"])).json()["message"] == REFUSED

    listed = (await carillon.http.get(f"{carillon.base}/automations")).json()["data"]
    assert automation["id"] not in {row["id"] for row in listed}
    archived = (await carillon.http.get(f"{carillon.base}/automations?status=archived")).json()["data"]
    assert [row["id"] for row in archived] == [automation["id"]]
    await carillon.create(name=automation["name"], trigger={"type": "cron", "cron_expression": FAR_FROM_NOW})


async def test_lists_page_without_gaps_or_repeats(carillon: Carillon) -> None:
    created = [(await carillon.create())["id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await carillon.http.get(f"{carillon.base}/automations", params=params)).json()
        seen += [row["id"] for row in page["data"]]
        cursor = page["pagination"]["next_cursor"]
        assert page["pagination"]["has_more"] == (cursor is not None)
        if cursor is None:
            break
    assert seen == created[::-1]
