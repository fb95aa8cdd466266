"""A worker that is killed in mid fan-out costs time, and nothing else."""

from typing import Any

import httpx
import pytest

from cli.stack import Stack
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.people import add_many_people, query

MAIL = {
    "type": "send_message",
    "channel": "email",
    "subject": "Hello {{ participant.first_name }}",
    "body": "Hi",
}


MAILED = 3_000


async def until_processed(carillon: Carillon, automation_id: str, count: int) -> None:
    async def far_enough() -> bool:
        shown = await carillon.get(automation_id)
        return bool(shown["participants_processed"] >= count)

    await eventually(far_enough, within=60, every=0.02)


async def test_every_participant_gets_exactly_one_event(breakable: Stack, carillon: Carillon) -> None:
    people = 30_000
    database = breakable.addresses.database_url
    await add_many_people(database, carillon.program_id, people)
    automation = await carillon.create(guard_condition="participant.counters.points >= 10", cohort_size=250)

    await carillon.trigger(automation["id"])
    await until_processed(carillon, automation["id"], 2_000)
    await breakable.kill("worker")
    stopped_at = (await carillon.get(automation["id"]))["participants_processed"]
    await breakable.start("worker")
    run = await carillon.closed_run(automation["id"], within=120)

    assert stopped_at < people, "the run was over before the worker was killed"
    assert run["status"] == "completed"
    assert run["counts"] == {
        "total": people,
        "sent": people * 9 // 10,
        "skipped": {"guard_false": people // 10},
        "failed": 0,
        "unknown": 0,
        "pending": 0,
        "deferred": 0,
    }
    events = await query(
        database, "SELECT count(*), count(DISTINCT participant_id) FROM event WHERE run_id = %s", run["id"]
    )
    assert events == [(people * 9 // 10, people * 9 // 10)]


async def mail_through_a_killed_worker(
    breakable: Stack, carillon: Carillon
) -> tuple[dict[str, Any], dict[str, int]]:
    """The finished run, and how many mails each address got."""
    await add_many_people(breakable.addresses.database_url, carillon.program_id, MAILED)
    automation = await carillon.create(action=MAIL, cohort_size=250)
    await carillon.trigger(automation["id"])
    await until_processed(carillon, automation["id"], 300)
    await breakable.kill("worker")
    await breakable.start("worker")
    run = await carillon.closed_run(automation["id"], within=120)
    async with httpx.AsyncClient(base_url=carillon.inbox_url) as inbox:
        return run, (await inbox.get("/api/recipients")).json()


async def test_no_mail_goes_out_twice_and_each_send_in_doubt_is_counted(
    breakable: Stack, carillon: Carillon
) -> None:
    run, recipients = await mail_through_a_killed_worker(breakable, carillon)

    counts = run["counts"]
    assert run["status"] == "completed"
    assert counts["sent"] + counts["unknown"] == counts["total"] == MAILED
    assert set(recipients.values()) == {1}, "somebody got the mail twice"
    assert counts["sent"] <= len(recipients) <= counts["sent"] + counts["unknown"]
    ledger = await query(
        breakable.addresses.database_url,
        "SELECT p.email, rp.outcome FROM run_participant rp JOIN participant p ON p.id = rp.participant_id "
        "WHERE rp.run_id = %s",
        run["id"],
    )
    assert all(email in recipients for email, outcome in ledger if outcome == "sent")


@pytest.mark.parametrize(
    "breakable", [{"CARILLON_EMAIL_DELIVERY_POLICY": "at_least_once"}], indirect=True, ids=["at_least_once"]
)
async def test_at_least_once_reaches_everybody_and_leaves_no_doubt(
    breakable: Stack, carillon: Carillon
) -> None:
    run, recipients = await mail_through_a_killed_worker(breakable, carillon)

    assert run["status"] == "completed"
    assert (run["counts"]["sent"], run["counts"]["unknown"]) == (MAILED, 0)
    assert len(recipients) == MAILED
    assert max(recipients.values()) <= 2, "only a send in doubt may be repeated, once a crash"
