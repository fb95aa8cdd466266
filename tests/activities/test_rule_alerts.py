"""Upkeep of alerts: rules judged by what they did, and whoever is to know told once."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import delete
from temporalio.testing import ActivityEnvironment

from activities import Resources
from activities.rule_alerts import RuleAlertActivities
from domain.webhooks import WebhookType
from runtime.settings import Settings
from store.database import Database
from store.tables import AutomationControl, AutomationRule, Message
from tests.fixtures.queued_messages import messages_of
from tests.store.alerting import add_rule, alerts_of, change, did, failed, matched_daily, reread
from tests.store.test_webhooks import add_endpoint, deliveries

NOW = datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MAIL = {"type": "email", "to": "on-call@example.com"}


@pytest.fixture(autouse=True)
async def no_other_rules(database: Database) -> None:
    """Those of other tests, which are judged by the clock of this one, too."""
    async with database.transaction() as session:
        await session.exec(delete(AutomationRule))


async def attend(database: Database, now: datetime = NOW) -> int:
    settings = Settings(database_url=database.engine.url.render_as_string(hide_password=False))
    temporal: Any = None
    sender: Any = None
    activities = RuleAlertActivities(Resources(settings, database, temporal, {}, sender))
    opened = await ActivityEnvironment().run(activities.attend, now)
    assert isinstance(opened, int)
    return opened


async def watched_rule(database: Database, program_id: UUID, **settings: Any) -> AutomationRule:
    said = {"min_matched_runs": 10, "channels": [MAIL]} | settings
    return await add_rule(database, program_id, name="Welcome", alert_settings=said)


async def mails(database: Database, program_id: UUID) -> list[Message]:
    sent = await messages_of(database, program_id)
    return sorted(sent, key=lambda message: message.created_at)


async def subjects(database: Database, program_id: UUID) -> list[str | None]:
    return [mail.subject for mail in await mails(database, program_id)]


ALERTED = 'Rule "Welcome" is at warning level'
CRITICAL = 'Rule "Welcome" is critical'
RECOVERED = 'Rule "Welcome" has recovered'


async def test_failures_are_told_once_and_their_end_too(database: Database, program_id: UUID) -> None:
    rule = await watched_rule(database, program_id)
    await failed(database, rule, NOW, 3, out_of=10)
    assert await attend(database) == 1
    assert await attend(database, NOW + MINUTE) == 0
    (mail,) = await mails(database, program_id)
    assert (mail.subject, mail.recipient, mail.status) == (ALERTED, MAIL["to"], "queued")
    assert (mail.rule_id, mail.participant_id, mail.channel) == (rule.id, None, "email")
    assert (
        mail.body is not None and "Of 10 runs within 24 hours that were to act, 7 did: 30.00 %" in mail.body
    )
    await failed(database, rule, NOW, 3, out_of=100)
    assert await attend(database, NOW + 2 * MINUTE) == 0
    assert await subjects(database, program_id) == [ALERTED, RECOVERED]
    (alert,) = await alerts_of(database, rule)
    assert alert.recovered_at == NOW + 2 * MINUTE
    assert await attend(database, NOW + 3 * MINUTE) == 0
    assert len(await mails(database, program_id)) == 2


async def test_an_alert_that_becomes_critical_is_told_again(database: Database, program_id: UUID) -> None:
    rule = await watched_rule(database, program_id)
    await failed(database, rule, NOW, 3, out_of=10)
    await attend(database)
    await failed(database, rule, NOW, 8, out_of=10)
    assert await attend(database, NOW + MINUTE) == 0
    assert await subjects(database, program_id) == [ALERTED, CRITICAL]
    (alert,) = await alerts_of(database, rule)
    assert (alert.level, alert.failure_rate_pct) == ("critical", 80.0)


async def test_a_rule_recovers_when_its_failures_leave_the_window(
    database: Database, program_id: UUID
) -> None:
    rule = await watched_rule(database, program_id, window_hours=2)
    await failed(database, rule, NOW, 10, out_of=10)
    await attend(database)
    await attend(database, NOW + 2 * HOUR)
    assert [alert.recovered_at for alert in await alerts_of(database, rule)] == [None]
    await attend(database, NOW + 3 * HOUR)
    assert await subjects(database, program_id) == [CRITICAL, RECOVERED]


async def test_an_alert_within_the_cooldown_is_told_after_it(database: Database, program_id: UUID) -> None:
    rule = await watched_rule(database, program_id, cooldown_secs=3_600)
    for minutes, failures in ((0, 3), (1, 0), (2, 3)):
        await failed(database, rule, NOW, failures, out_of=10)
        await attend(database, NOW + minutes * MINUTE)
    assert len(await alerts_of(database, rule)) == 2
    assert await subjects(database, program_id) == [ALERTED, RECOVERED]
    await attend(database, NOW + 60 * MINUTE)
    assert len(await mails(database, program_id)) == 2
    await attend(database, NOW + 61 * MINUTE)
    assert await subjects(database, program_id) == [ALERTED, RECOVERED, ALERTED]


async def test_upkeeps_at_the_same_time_tell_once(database: Database, program_id: UUID) -> None:
    rule = await watched_rule(database, program_id)
    await failed(database, rule, NOW, 3, out_of=10)
    opened = await asyncio.gather(*(attend(database) for _ in range(4)))
    assert sorted(opened) == [0, 0, 0, 1]
    assert len(await alerts_of(database, rule)) == 1
    assert len(await mails(database, program_id)) == 1


async def test_what_was_held_back_on_purpose_is_no_failure(database: Database, program_id: UUID) -> None:
    rule = await watched_rule(database, program_id)
    await did(database, rule, NOW, total=100, matched=100, executed=20, held=80)
    assert await attend(database) == 0


async def test_a_critical_rule_is_snoozed_when_its_settings_say_so(
    database: Database, program_id: UUID
) -> None:
    rule = await watched_rule(database, program_id, auto_snooze_secs=3_600)
    await failed(database, rule, NOW, 3, out_of=10)
    await attend(database)
    assert (await reread(database, rule)).snoozed_until is None
    await failed(database, rule, NOW, 10, out_of=10)
    await attend(database, NOW + MINUTE)
    until = NOW + MINUTE + HOUR
    assert (await reread(database, rule)).snoozed_until == until
    assert (await alerts_of(database, rule))[0].snoozed_until == until
    *_, told = await mails(database, program_id)
    assert told.body is not None and "It is snoozed until 2026-03-08 10:31 UTC." in told.body
    await change(database, rule, snoozed_until=None)
    await attend(database, NOW + 2 * MINUTE)
    assert (await reread(database, rule)).snoozed_until is None


async def test_a_rule_that_falls_silent_is_told_until_it_matches_again(
    database: Database, program_id: UUID
) -> None:
    rule = await watched_rule(database, program_id)
    await matched_daily(database, rule, NOW - 2 * HOUR, range(1, 8))
    assert await attend(database) == 1
    (alert,) = await alerts_of(database, rule)
    assert (alert.level, alert.reason, alert.matched_runs) == ("warning", "silent", 0)
    await attend(database, NOW + 3 * DAY)
    assert len(await mails(database, program_id)) == 1
    await failed(database, rule, NOW + 3 * DAY, 0, out_of=1)
    await attend(database, NOW + 3 * DAY + MINUTE)
    assert await subjects(database, program_id) == [ALERTED, RECOVERED]


async def test_the_silence_of_a_rule_that_was_kept_from_matching_is_not_told(
    database: Database, program_id: UUID
) -> None:
    for circumstances in (
        {"is_active": False},
        {"snoozed_until": NOW - HOUR},
        {"updated_at": NOW - HOUR},
        {"schedule_settings": {"timezone": "UTC", "blackout_dates": ["2026-03-07"]}},
    ):
        rule = await watched_rule(database, program_id)
        await change(database, rule, **circumstances)
        await matched_daily(database, rule, NOW - 2 * HOUR, range(1, 8))
        assert await attend(database) == 0, circumstances


async def test_the_silence_of_a_pause_is_not_told(database: Database, program_id: UUID) -> None:
    rule = await watched_rule(database, program_id)
    await matched_daily(database, rule, NOW - 2 * HOUR, range(1, 8))
    async with database.transaction() as session:
        session.add(AutomationControl(program_id=program_id, updated_at=NOW - HOUR, updated_by="a test"))
    assert await attend(database) == 0


async def test_each_channel_is_told_once_and_a_webhook_whatever_types_it_wants(
    database: Database, program_id: UUID
) -> None:
    endpoint = await add_endpoint(database, program_id, WebhookType.RUN_FAILED)
    unnamed = await add_endpoint(database, program_id)
    hook = {"type": "webhook", "webhook_id": str(endpoint)}
    second = {"type": "email", "to": "team@example.com"}
    rule = await watched_rule(database, program_id, channels=[MAIL, hook, second, MAIL, hook])
    await failed(database, rule, NOW, 8, out_of=10)
    await attend(database)
    await failed(database, rule, NOW, 0, out_of=10)
    await attend(database, NOW + MINUTE)
    recipients = sorted((mail.recipient, mail.subject) for mail in await mails(database, program_id))
    assert recipients == [
        (to, subject)
        for to in ("on-call@example.com", "team@example.com")
        for subject in (RECOVERED, CRITICAL)
    ]
    alerted, recovered = await deliveries(database, endpoint)
    assert (alerted.type, recovered.type) == ("rule.alerted", "rule.recovered")
    assert alerted.subject_id == recovered.subject_id == rule.id
    (alert,) = await alerts_of(database, rule)
    assert alerted.data == {
        "program_id": str(program_id),
        "alert_id": str(alert.id),
        "rule_id": str(rule.id),
        "rule_name": "Welcome",
        "alert_level": "critical",
        "reason": "failure_rate",
        "window_hours": 24,
        "min_matched_runs": 10,
        "matched_runs": 10,
        "executed_runs": 2,
        "failure_rate_pct": 80.0,
        "opened_at": "2026-03-08T09:30:00Z",
        "recovered_at": None,
        "snoozed_until": None,
    }
    assert recovered.data == alerted.data | {
        "alert_level": "ok",
        "executed_runs": 10,
        "failure_rate_pct": 0.0,
        "recovered_at": "2026-03-08T09:31:00Z",
    }
    assert await deliveries(database, unnamed) == []


async def test_a_rule_without_settings_is_not_judged_and_losing_them_closes_its_alert(
    database: Database, program_id: UUID
) -> None:
    rule = await add_rule(database, program_id)
    await failed(database, rule, NOW, 100, out_of=100)
    assert await attend(database) == 0
    await change(database, rule, alert_settings={"channels": [MAIL]})
    assert await attend(database) == 1
    await change(database, rule, alert_settings=None)
    await attend(database, NOW + MINUTE)
    assert [alert.recovered_at for alert in await alerts_of(database, rule)] == [NOW + MINUTE]
    assert await subjects(database, program_id) == [f'Rule "{rule.name}" is critical']
