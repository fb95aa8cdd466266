"""Automations that watch participants: who is subscribed, when they are due, and what follows."""

from datetime import UTC, datetime, timedelta
from typing import Any

from cli.stack import Stack
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.people import query

NOT_REFRESHABLE = "Subscriptions cannot be refreshed (must be active and participant_state)"
SPEND = {"counter": "spend", "operator": ">=", "value": 1000}


def watching(schedule_type: str, config: dict[str, Any], **trigger: Any) -> dict[str, Any]:
    return {
        "type": "participant_state",
        "schedule_type": schedule_type,
        "schedule_config": config,
        **trigger,
    }


class Watched(Carillon):
    """Words of these tests over a client of the API."""

    async def evaluated(self, automation_id: str, after: str | None = None) -> dict[str, Any]:
        """The automation once its subscriptions have been evaluated, later than `after`."""

        async def look() -> dict[str, Any] | None:
            shown = await self.get(automation_id)
            evaluated = shown["last_evaluated_at"]
            return shown if evaluated is not None and (after is None or evaluated > after) else None

        found: dict[str, Any] = await eventually(look)
        return found

    async def watch(self, schedule_type: str, config: dict[str, Any], **fields: Any) -> str:
        automation = await self.create(trigger=watching(schedule_type, config), **fields)
        await self.evaluated(automation["id"])
        return str(automation["id"])

    async def person(self, **fields: Any) -> str:
        (person,) = await self.add_people(1, **fields)
        return person

    async def change(self, participant_id: str, **fields: Any) -> None:
        answer = await self.http.patch(f"{self.base}/participants/{participant_id}", json=fields)
        assert answer.status_code == 200, answer.text

    async def subscriptions(self, automation_id: str, **params: str) -> dict[str, dict[str, Any]]:
        """By participant."""
        answer = await self.http.get(f"{self.base}/automations/{automation_id}/subscriptions", params=params)
        answer.raise_for_status()
        return {row["participant_id"]: row for row in answer.json()["data"]}

    async def refresh(self, automation_id: str) -> Any:
        return await self.http.post(f"{self.base}/automations/{automation_id}/refresh-subscriptions")

    async def reached(self, automation_id: str, runs: int = 1) -> list[str]:
        """Whom the first `runs` runs sent something to."""
        reached: list[str] = []
        for number in range(1, runs + 1):
            run = await self.closed_run(automation_id, number)
            assert run["cause"] == "participant_state"
            rows = await self.outcomes(automation_id, run["id"])
            reached += [row["participant_id"] for row in rows if row["outcome"] == "sent"]
        return reached


def watched(carillon: Carillon) -> Watched:
    return Watched(carillon.http, carillon.inbox_url, carillon.program_id)


async def test_a_threshold_fires_once_for_whoever_crosses_it_and_not_for_whoever_is_above(
    carillon: Carillon, stack: Stack
) -> None:
    carillon = watched(carillon)
    below, above = (
        await carillon.person(counters={"spend": 900}),
        await carillon.person(counters={"spend": 5000}),
    )
    automation_id = await carillon.watch("THRESHOLD", SPEND, event_name="big_spender")
    assert set(await carillon.subscriptions(automation_id, status="active")) == {below, above}

    await carillon.change(above, counters={"spend": 6000})
    await carillon.change(below, counters={"spend": 1000})
    assert await carillon.reached(automation_id) == [below]
    await carillon.change(below, counters={"spend": 2000})

    done = (await carillon.subscriptions(automation_id, status="completed"))[below]
    assert (done["trigger_count"], done["next_trigger_at"], done["last_error"]) == (1, None, None)
    assert done["last_triggered_at"] is not None
    assert len(await carillon.runs(automation_id)) == 1
    events = await query(
        stack.addresses.database_url,
        "SELECT participant_id::text, type FROM event WHERE automation_id = %s",
        automation_id,
    )
    assert events == [(below, "big_spender")]


async def test_a_date_attribute_fires_at_its_instant_and_the_subscription_says_so_before(
    carillon: Carillon,
) -> None:
    carillon = watched(carillon)
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1, seconds=4)
    person = await carillon.person(attributes={"trial_ends_at": due.isoformat()})
    config = {"attribute": "trial_ends_at", "offset_hours": -1, "recurrence": "once"}
    automation_id = await carillon.watch("ATTRIBUTE_DATE", config)

    waiting = (await carillon.subscriptions(automation_id))[person]
    assert datetime.fromisoformat(waiting["next_trigger_at"]) == due - timedelta(hours=1)
    assert (waiting["status"], waiting["trigger_count"]) == ("active", 0)
    assert await carillon.reached(automation_id) == [person]
    (run,) = await carillon.runs(automation_id)
    assert datetime.fromisoformat(run["started_at"]) >= due - timedelta(hours=1)
    assert (await carillon.subscriptions(automation_id))[person]["status"] == "completed"


async def test_subscriptions_follow_participants_changes_at_once(carillon: Carillon) -> None:
    carillon = watched(carillon)
    automation_id = await carillon.watch(
        "INTERVAL", {"interval_days": 30}, participant_filter='"vip" in participant.tags'
    )
    person = await carillon.person()
    assert await carillon.subscriptions(automation_id) == {}
    await carillon.change(person, tags=["vip"])
    subscribed = (await carillon.subscriptions(automation_id))[person]
    in_thirty_days = datetime.now(UTC) + timedelta(days=30)
    assert abs(datetime.fromisoformat(subscribed["next_trigger_at"]) - in_thirty_days) < timedelta(hours=1)
    await carillon.change(person, tags=[])
    assert await carillon.subscriptions(automation_id) == {}
    await carillon.change(person, tags=["vip"])
    assert list(await carillon.subscriptions(automation_id)) == [person]
    assert (await carillon.http.delete(f"{carillon.base}/participants/{person}")).status_code == 204
    assert await carillon.subscriptions(automation_id) == {}


async def test_a_refresh_is_queued_and_evaluates_everyone_anew(carillon: Carillon) -> None:
    carillon = watched(carillon)
    automation_id = await carillon.watch("CRON", {"cron_expression": "0 9 1 * *"})
    before = (await carillon.get(automation_id))["last_evaluated_at"]
    answer = await carillon.refresh(automation_id)
    assert answer.status_code == 202
    assert answer.json() == {"status": "queued", "automation_id": automation_id}
    await carillon.evaluated(automation_id, after=before)


async def test_a_refresh_is_refused_when_paused_archived_or_of_another_type(carillon: Carillon) -> None:
    carillon = watched(carillon)
    cron = (await carillon.create())["id"]
    paused = await carillon.watch("CRON", {"cron_expression": "0 9 1 * *"})
    await carillon.patch(paused, status="paused")
    archived = await carillon.watch("CRON", {"cron_expression": "0 9 1 * *"})
    await carillon.delete(archived)
    for automation_id in (cron, paused, archived):
        answer = await carillon.refresh(automation_id)
        assert (answer.status_code, answer.json()["message"]) == (400, NOT_REFRESHABLE)
    assert await carillon.subscriptions(cron) == {}


async def test_what_came_due_during_a_pause_is_dropped_and_the_next_crossing_fires(
    carillon: Carillon,
) -> None:
    carillon = watched(carillon)
    person = await carillon.person(counters={"spend": 1})
    automation_id = await carillon.watch("THRESHOLD", {**SPEND, "repeat": True})
    await carillon.patch(automation_id, status="paused")
    await carillon.change(person, counters={"spend": 1500})
    before = (await carillon.get(automation_id))["last_evaluated_at"]
    await carillon.patch(automation_id, status="active")
    await carillon.evaluated(automation_id, after=before)
    assert (await carillon.subscriptions(automation_id))[person]["next_trigger_at"] is None

    await carillon.change(person, counters={"spend": 10})
    await carillon.change(person, counters={"spend": 1000})
    assert await carillon.reached(automation_id) == [person]
    (run,) = await carillon.runs(automation_id)
    assert run["number"] == 1


async def test_changing_schedule_config_re_times_every_subscription(carillon: Carillon) -> None:
    carillon = watched(carillon)
    person = await carillon.person(attributes={"birthday": "1990-06-15"}, timezone="Asia/Tokyo")
    config = {"attribute": "birthday", "time_of_day": "09:00"}
    automation_id = await carillon.watch("ATTRIBUTE_DATE", config)
    before = await carillon.get(automation_id)
    noted = (await carillon.subscriptions(automation_id))[person]["next_trigger_at"]
    assert datetime.fromisoformat(noted).strftime("%m-%d %H:%M") == "06-15 00:00"

    answer = await carillon.patch(automation_id, schedule_config={**config, "offset_days": -7})
    assert answer.status_code == 200, answer.text
    assert answer.json()["schedule_config"]["offset_days"] == -7
    await carillon.evaluated(automation_id, after=before["last_evaluated_at"])
    noted = (await carillon.subscriptions(automation_id))[person]["next_trigger_at"]
    assert datetime.fromisoformat(noted).strftime("%m-%d %H:%M") == "06-08 00:00"


async def test_it_cannot_be_triggered_by_hand(carillon: Carillon) -> None:
    carillon = watched(carillon)
    automation_id = await carillon.watch("THRESHOLD", SPEND)
    answer = await carillon.trigger(automation_id)
    assert answer.status_code == 400
    message = "Automation cannot be triggered (must be active and idle or cron+program)"
    assert answer.json()["message"] == message


async def test_a_subscription_that_came_due_while_nobody_was_told_is_found_by_upkeep(
    carillon: Carillon, stack: Stack
) -> None:
    carillon = watched(carillon)
    person = await carillon.person()
    automation_id = await carillon.watch("INTERVAL", {"interval_days": 30})
    await query(
        stack.addresses.database_url,
        "UPDATE subscription SET next_trigger_at = now() WHERE automation_id = %s RETURNING id",
        automation_id,
    )
    assert await carillon.reached(automation_id) == [person]


async def test_fifty_crossings_at_once_are_fifty_events_and_few_runs(carillon: Carillon) -> None:
    carillon = watched(carillon)
    people = await carillon.add_people(50, counters={"spend": 0})
    automation_id = await carillon.watch("THRESHOLD", SPEND)
    for person in people:
        await carillon.change(person, counters={"spend": 1000})

    async def all_done() -> bool:
        done = await carillon.subscriptions(automation_id, status="completed", limit="100")
        return len(done) == len(people)

    await eventually(all_done)
    runs = await carillon.runs(automation_id)
    for run in runs:
        await carillon.closed_run(automation_id, run["number"])
    assert sorted(await carillon.reached(automation_id, len(runs))) == sorted(people)
    assert len(runs) < len(people)


async def test_an_import_is_followed_by_a_refresh(carillon: Carillon) -> None:
    carillon = watched(carillon)
    automation_id = await carillon.watch("INTERVAL", {"interval_days": 30})
    answer = await carillon.http.post(
        f"{carillon.base}/participants/import",
        content="external_id\nimported-1\nimported-2\n",
        headers={"Content-Type": "text/csv"},
    )
    assert answer.json()["created"] == 2

    async def both() -> bool:
        return len(await carillon.subscriptions(automation_id)) == 2

    await eventually(both)
