"""Filters of participant_state automations that turn out slow: who is subscribed stays so, and nobody waits for them."""

from datetime import timedelta
from itertools import chain, repeat
from uuid import UUID

import pytest

from domain.expressions import breaker
from store import subscription_follow, subscription_watch
from store.database import Database
from store.runs import list_run_participants, lock_run
from store.subscription_follow import RefreshedPage, refresh_subscriptions_page
from store.subscriptions import enroll_due, settle_subscriptions
from store.tables import Automation
from tests.store.records import add_run
from tests.store.watching import (
    NOON,
    add_people,
    add_watching,
    at,
    change_automation,
    change_person,
    refresh,
    standings,
)

VIP = {"participant_filter": "'vip' in participant.tags"}
EVERYBODY = {"participant_filter": "participant.status == 'ACTIVE'"}
LATER = at("2026-06-05T12:00Z")
DUE = at("2026-06-02T09:00Z")


def make_filters_slow(patched: pytest.MonkeyPatch) -> None:
    patched.setattr(breaker, "SECONDS_BEFORE_JUDGING", 0.0)
    patched.setattr(breaker, "SECONDS_PER_ROW", 0.0)


async def page(database: Database, automation_id: UUID, *, rebase: bool = False) -> RefreshedPage:
    return await refresh_subscriptions_page(database, automation_id, None, 100, LATER, rebase)


async def test_a_refresh_with_a_slow_filter_neither_begins_nor_ends_a_subscription_and_says_why(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribed, new = await add_people(database, program_id, {"tags": ["vip"]}, {})
    automation_id = await add_watching(database, program_id, **VIP)
    await refresh(database, automation_id)
    await change_automation(database, automation_id, participant_filter="!('vip' in participant.tags)")
    with monkeypatch.context() as patched:
        make_filters_slow(patched)
        looked = await page(database, automation_id)
    assert (looked.looked_at, looked.subscribed, looked.cancelled) == (2, 0, 0)
    assert "ms a participant on average" in str(looked.slow)
    assert set(await standings(database, automation_id)) == {subscribed}

    looked = await page(database, automation_id)
    assert (looked.subscribed, looked.cancelled, looked.slow) == (1, 1, None)
    assert (await standings(database, automation_id))[new].status == "active"


async def test_a_refresh_with_a_slow_filter_still_times_anew_and_drops_what_came_due_during_a_pause(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    (person,) = await add_people(database, program_id, {})
    automation_id = await add_watching(database, program_id, **EVERYBODY)
    await refresh(database, automation_id)
    make_filters_slow(monkeypatch)
    await page(database, automation_id, rebase=True)
    assert (await standings(database, automation_id))[person].next_trigger_at == at("2026-06-06T09:00Z")
    await change_automation(database, automation_id, schedule_config={"cron_expression": "0 10 * * *"})
    await page(database, automation_id)
    assert (await standings(database, automation_id))[person].next_trigger_at == at("2026-06-06T10:00Z")


async def test_without_a_filter_nothing_is_slow(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_filters_slow(monkeypatch)
    people = await add_people(database, program_id, {}, {})
    automation_id = await add_watching(database, program_id)
    assert (await page(database, automation_id)).slow is None
    assert set(await standings(database, automation_id)) == set(people)


async def test_a_page_ends_when_its_time_is_up_and_the_refresh_reaches_everyone_all_the_same(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await add_people(database, program_id, *({} for _ in range(5)))
    automation_id = await add_watching(database, program_id)
    await refresh(database, automation_id)
    monkeypatch.setattr(subscription_follow, "SECONDS_A_PAGE", 0.0)
    first = await refresh_subscriptions_page(database, automation_id, None, 3, NOON, False)
    assert (first.looked_at, first.last) == (1, people[0])
    assert await refresh(database, automation_id) == (5, 0, 0)
    assert set(await standings(database, automation_id)) == set(people)


async def test_a_change_goes_through_whatever_the_filter_and_its_subscription_is_left_to_a_refresh(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    joins, leaves = await add_people(database, program_id, {}, {"tags": ["vip"]})
    automation_id = await add_watching(database, program_id, **VIP)
    await refresh(database, automation_id)
    with monkeypatch.context() as patched:
        make_filters_slow(patched)
        assert await change_person(database, joins, tags=["vip"]) == set()
        assert await change_person(database, leaves, tags=[]) == set()
    assert set(await standings(database, automation_id)) == {leaves}
    await refresh(database, automation_id)
    found = await standings(database, automation_id)
    assert (found[joins].status, found[leaves].status) == ("active", "cancelled")


async def test_a_filter_that_changes_have_shown_to_be_slow_is_remembered_and_others_go_on(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    (person,) = await add_people(database, program_id, {})
    slow = await add_watching(database, program_id, **VIP)
    with monkeypatch.context() as patched:
        once_ten_seconds = chain([0.0], repeat(10.0))
        patched.setattr(subscription_watch, "thread_time", once_ten_seconds.__next__)
        await change_person(database, person, first_name="Ana")
    quick = await add_watching(database, program_id, **VIP)
    await change_person(database, person, tags=["vip"])
    assert set(await standings(database, slow)) == set()
    assert set(await standings(database, quick)) == {person}


async def test_changes_do_not_ask_a_filter_that_the_last_refresh_found_slow(
    database: Database, program_id: UUID
) -> None:
    (person,) = await add_people(database, program_id, {})
    automation_id = await add_watching(database, program_id, last_error="its filter is slow", **VIP)
    await change_person(database, person, tags=["vip"])
    assert await standings(database, automation_id) == {}
    await change_automation(database, automation_id, last_error=None)
    await change_person(database, person, tags=["vip", "more"])
    assert set(await standings(database, automation_id)) == {person}


async def test_whom_a_slow_filter_leaves_untold_fails_in_the_run_and_is_tried_again(
    database: Database, program_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await add_people(database, program_id, {}, {})
    automation_id = await add_watching(database, program_id, **EVERYBODY)
    await refresh(database, automation_id)
    run_id = await add_run(database, program_id, automation_id=automation_id)
    make_filters_slow(monkeypatch)
    async with database.transaction() as session:
        run = await lock_run(session, run_id)
        automation = await session.get_one(Automation, automation_id)
        assert await enroll_due(session, run, automation, DUE) == len(people)
    async with database.transaction() as session:
        rows = await list_run_participants(session, run_id, None, -1, 9)
        await settle_subscriptions(session, run_id, automation_id, DUE)
    assert [row.outcome for row in rows] == ["failed", "failed"]
    assert all("ms a participant on average" in str(row.error) for row in rows)
    for standing in (await standings(database, automation_id)).values():
        assert (standing.retry_count, standing.last_error) == (1, rows[0].error)
        assert standing.next_trigger_at == DUE + timedelta(minutes=5)
