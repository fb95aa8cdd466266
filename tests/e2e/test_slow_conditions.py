"""Conditions that may be saved and are slow on the people they meet: they end with their reason, and hold up nobody."""

from typing import Any

import pytest

from cli.stack import Stack
from tests.e2e.test_fan_out import adds_up
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.people import query

PEOPLE = 300
# A list that is built is copied as it grows: some 40 ms for the longest list that can be stored.
SLOW = "participant.attributes.visits.map(v, [v]).map(v, v).size() > 1000"
QUICK = "participant.attributes.visits.size() == 1000"
REASON = "ms a participant on average"
WITH_LONGEST_LISTS = """
INSERT INTO participant (id, program_id, external_id, attributes)
SELECT gen_random_uuid(), %s, 'p-' || n, jsonb_build_object('visits', (SELECT jsonb_agg(i) FROM generate_series(1, 1000) i))
FROM generate_series(1, %s) AS n RETURNING id::text
"""


@pytest.fixture
async def people(carillon: Carillon, stack: Stack) -> list[str]:
    rows = await query(stack.addresses.database_url, WITH_LONGEST_LISTS, carillon.program_id, PEOPLE)
    return [str(row[0]) for row in rows]


async def test_a_slow_filter_fails_its_run_and_another_automation_goes_on_meanwhile(
    carillon: Carillon, people: list[str]
) -> None:
    slow = await carillon.create(participant_filter=SLOW)
    quick = await carillon.create(participant_filter=QUICK)
    for automation in (slow, quick):
        assert (await carillon.trigger(automation["id"])).status_code == 200

    reached = await carillon.closed_run(quick["id"])
    assert (reached["status"], reached["counts"]["sent"]) == ("completed", PEOPLE)
    stopped = await carillon.closed_run(slow["id"])
    assert stopped["status"] == "failed"
    assert REASON in stopped["error"]
    assert (stopped["counts"]["total"], adds_up(stopped)) == (0, True)
    shown = await carillon.get(slow["id"])
    assert (shown["status"], shown["execution_status"]) == ("active", "failed")
    assert shown["execution_error"] == shown["last_error"] == stopped["error"]


async def test_a_slow_guard_fails_whom_it_has_not_told_of_and_the_counts_add_up(
    carillon: Carillon, people: list[str]
) -> None:
    automation = await carillon.create(guard_condition=SLOW, cohort_size=50)
    assert (await carillon.trigger(automation["id"])).status_code == 200

    run = await carillon.closed_run(automation["id"])
    assert run["counts"]["total"] == PEOPLE
    assert adds_up(run)
    assert run["counts"]["sent"] == 0
    outcomes = await carillon.outcomes(automation["id"], run["id"])
    errors = [row["error"] for row in outcomes if row["outcome"] == "failed"]
    assert len(errors) == run["counts"]["failed"] > 0
    assert all(REASON in error for error in errors)


async def test_a_slow_filter_of_a_watching_automation_is_told_by_its_refresh_and_holds_up_no_write(
    carillon: Carillon, people: list[str]
) -> None:
    trigger = {
        "type": "participant_state",
        "schedule_type": "INTERVAL",
        "schedule_config": {"interval_days": 30},
    }
    automation = await carillon.create(trigger=trigger, participant_filter=SLOW)
    refused = await carillon.once_set(automation["id"], "last_error")
    assert REASON in refused["last_error"]
    assert (refused["status"], refused["execution_status"]) == ("active", "idle")
    assert refused["last_evaluated_at"] is not None
    change = {"first_name": "Ana"}
    answer = await carillon.http.patch(f"{carillon.base}/participants/{people[0]}", json=change)
    assert (answer.status_code, answer.json()["first_name"]) == (200, "Ana")

    assert (await carillon.patch(automation["id"], participant_filter=QUICK)).status_code == 200

    async def refreshed() -> dict[str, Any] | None:
        shown = await carillon.get(automation["id"])
        return shown if shown["last_evaluated_at"] > refused["last_evaluated_at"] else None

    assert (await eventually(refreshed))["last_error"] is None
    path = f"{carillon.base}/automations/{automation['id']}/subscriptions"
    page = (await carillon.http.get(path, params={"limit": "1"})).json()
    assert page["pagination"]["has_more"]
