"""The record of alerts, and which rules are looked at."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from domain.rules.alert_episodes import EpisodeChange, OpenEpisode, Step
from domain.rules.alert_levels import AlertLevel, AlertReason, Judgement, RunFigures
from store.database import Database
from store.paging import PageRequest
from store.rule_alerts import (
    SNOOZED_BY,
    apply_step,
    count_alerts,
    episode_of,
    last_notices,
    list_alerts,
    open_alerts,
    watched_rules,
)
from store.rules import delete_rule, lock_rule
from store.tables import AutomationRule, RuleAlert
from tests.store.alerting import add_rule, alerts_of, change, did, reread

NOW = datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
BAD = Judgement(AlertLevel.WARNING, AlertReason.FAILURE_RATE, RunFigures(40, 30))
WORSE = Judgement(AlertLevel.CRITICAL, AlertReason.FAILURE_RATE, RunFigures(50, 10))
FINE = Judgement(AlertLevel.OK, None, RunFigures(60, 60))
OPENED = Step(EpisodeChange.OPENED, notice=True)
RAISED = Step(EpisodeChange.RAISED, notice=True)
RECOVERED = Step(EpisodeChange.RECOVERED, notice=True)


async def take(
    database: Database, rule: AutomationRule, judgement: Judgement, step: Step, at: datetime = NOW
) -> RuleAlert:
    async with database.transaction() as session:
        locked = await lock_rule(session, rule.program_id, rule.id)
        assert locked is not None
        alert = (await open_alerts(session, [rule.id])).get(rule.id)
        return apply_step(session, locked, alert, judgement, step, at)


async def watched(database: Database, since: datetime) -> set[UUID]:
    async with database.transaction() as session:
        return set(await watched_rules(session, since))


async def test_an_alert_holds_the_figures_of_its_opening_then_of_its_raise(
    database: Database, program_id: UUID
) -> None:
    rule = await add_rule(database, program_id)
    await take(database, rule, BAD, OPENED)
    (alert,) = await alerts_of(database, rule)
    assert (alert.level, alert.reason, alert.program_id) == ("warning", "failure_rate", program_id)
    assert (alert.matched_runs, alert.executed_runs, alert.failure_rate_pct) == (40, 30, 25.0)
    assert (alert.opened_at, alert.last_notified_at, alert.recovered_at) == (NOW, NOW, None)
    await take(database, rule, WORSE, RAISED, NOW + HOUR)
    await take(database, rule, FINE, RECOVERED, NOW + 2 * HOUR)
    (alert,) = await alerts_of(database, rule)
    assert (alert.level, alert.matched_runs, alert.failure_rate_pct) == ("critical", 50, 80.0)
    assert (alert.opened_at, alert.recovered_at) == (NOW, NOW + 2 * HOUR)
    assert alert.last_notified_at == NOW + 2 * HOUR


async def test_an_alert_that_nobody_is_told_of_has_no_notice(database: Database, program_id: UUID) -> None:
    rule = await add_rule(database, program_id)
    alert = await take(database, rule, BAD, Step(EpisodeChange.OPENED, notice=False))
    assert episode_of(alert) == OpenEpisode(AlertLevel.WARNING, noticed=False)
    alert = await take(database, rule, BAD, Step(EpisodeChange.UNCHANGED, notice=True), NOW + HOUR)
    assert episode_of(alert) == OpenEpisode(AlertLevel.WARNING, noticed=True)
    assert (alert.opened_at, alert.last_notified_at) == (NOW, NOW + HOUR)


async def test_a_rule_has_one_open_alert_at_most(database: Database, program_id: UUID) -> None:
    rule = await add_rule(database, program_id)
    await take(database, rule, BAD, OPENED)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            apply_step(session, rule, None, BAD, OPENED, NOW)
    await take(database, rule, FINE, RECOVERED)
    await take(database, rule, BAD, OPENED, NOW + HOUR)
    assert [alert.recovered_at for alert in await alerts_of(database, rule)] == [NOW, None]


async def test_an_alert_snoozes_its_rule_and_never_cuts_a_snooze_short(
    database: Database, program_id: UUID
) -> None:
    rule = await add_rule(database, program_id)
    until = NOW + HOUR
    step = Step(EpisodeChange.OPENED, notice=True, snooze_until=until)
    alert = await take(database, rule, WORSE, step)
    snoozed = await reread(database, rule)
    assert (alert.snoozed_until, snoozed.snoozed_until) == (until, until)
    assert (snoozed.updated_at, snoozed.updated_by) == (NOW, SNOOZED_BY)
    longer = NOW + 48 * HOUR
    other = await add_rule(database, program_id, snoozed_until=longer)
    assert (await take(database, other, WORSE, step)).snoozed_until == longer
    untouched = await reread(database, other)
    assert (untouched.snoozed_until, untouched.updated_by) == (longer, "a test")


async def test_rules_with_settings_that_were_asked_lately_are_watched(
    database: Database, program_id: UUID
) -> None:
    since = NOW - 48 * HOUR
    busy, idle, without = [
        await add_rule(database, program_id, alert_settings=settings) for settings in ({}, {}, None)
    ]
    for rule, at in ((busy, since + HOUR), (idle, since - HOUR), (without, NOW)):
        await did(database, rule, at, total=1)
    assert {busy.id, idle.id, without.id} & await watched(database, since) == {busy.id}


async def test_a_rule_with_an_open_alert_is_watched_until_it_recovers(
    database: Database, program_id: UUID
) -> None:
    rule = await add_rule(database, program_id, alert_settings={})
    await take(database, rule, BAD, OPENED)
    await change(database, rule, alert_settings=None)
    assert rule.id in await watched(database, NOW)
    await take(database, rule, FINE, RECOVERED)
    assert rule.id not in await watched(database, NOW)


async def test_the_last_notice_is_of_any_alert_of_the_rule(database: Database, program_id: UUID) -> None:
    rule, quiet = [await add_rule(database, program_id) for _ in range(2)]
    await take(database, rule, BAD, OPENED)
    await take(database, rule, FINE, RECOVERED, NOW + HOUR)
    await take(database, rule, BAD, Step(EpisodeChange.OPENED, notice=False), NOW + 2 * HOUR)
    await take(database, quiet, BAD, Step(EpisodeChange.OPENED, notice=False))
    async with database.transaction() as session:
        assert await last_notices(session, [rule.id, quiet.id, uuid4()]) == {rule.id: NOW + HOUR}


async def test_alerts_are_listed_newest_first_and_counted(database: Database, program_id: UUID) -> None:
    rule, other = [await add_rule(database, program_id) for _ in range(2)]
    for hours in range(3):
        await take(database, rule, BAD, OPENED, NOW + hours * HOUR)
        await take(database, rule, FINE, RECOVERED, NOW + hours * HOUR)
    await take(database, other, BAD, OPENED)
    async with database.transaction() as session:
        first = await list_alerts(session, rule.id, PageRequest(2))
        last = await list_alerts(session, rule.id, PageRequest(2, first.next_cursor))
        assert await count_alerts(session, rule.id) == 3
    assert [alert.opened_at for alert in first.rows + last.rows] == [
        NOW + 2 * HOUR,
        NOW + HOUR,
        NOW,
    ]
    assert last.next_cursor is None


async def test_alerts_go_with_their_rule(database: Database, program_id: UUID) -> None:
    rule = await add_rule(database, program_id)
    await take(database, rule, BAD, OPENED)
    async with database.transaction() as session:
        await delete_rule(session, await session.get_one(AutomationRule, rule.id))
    assert await alerts_of(database, rule) == []
