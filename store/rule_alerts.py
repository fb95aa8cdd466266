"""Alerts of rules: which are open, which rules may need one, and what is written when one begins, worsens or ends."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.rules.alert_episodes import EpisodeChange, OpenEpisode, Step
from domain.rules.alert_levels import AlertLevel, AlertReason, Judgement
from store.paging import Page, PageRequest, page_newest_first
from store.tables import AutomationRule, RuleAlert
from store.tables.rule_alert import OPEN

SNOOZED_BY = "carillon: its failures are critical"

_WATCHED = text(
    "SELECT id FROM automation_rule rule WHERE alert_settings IS NOT NULL "  # noqa: S608
    "AND EXISTS (SELECT FROM rule_run_tally WHERE rule_id = rule.id AND hour >= :since) "
    f"UNION SELECT rule_id FROM rule_alert WHERE {OPEN} ORDER BY id"
)


async def watched_rules(session: AsyncSession, since: datetime) -> Sequence[UUID]:
    """Rules with alert settings that were asked in some hour from `since` on, and those with an open alert."""
    return (await session.execute(_WATCHED, {"since": since})).scalars().all()


async def open_alerts(session: AsyncSession, rules: Collection[UUID]) -> dict[UUID, RuleAlert]:
    """By rule."""
    statement = select(RuleAlert).where(col(RuleAlert.rule_id).in_(rules), text(OPEN))
    return {alert.rule_id: alert for alert in await session.exec(statement)}


async def last_notices(session: AsyncSession, rules: Collection[UUID]) -> dict[UUID, datetime]:
    """When somebody was last told of an alert of each of these rules; those of which nobody was are left out."""
    statement = (
        select(RuleAlert.rule_id, func.max(RuleAlert.last_notified_at))
        .where(col(RuleAlert.rule_id).in_(rules))
        .group_by(col(RuleAlert.rule_id))
    )
    return {rule_id: at for rule_id, at in await session.exec(statement) if at is not None}


async def list_alerts(session: AsyncSession, rule_id: UUID, request: PageRequest) -> Page[RuleAlert]:
    """Newest first. Raises InvalidCursorError."""
    statement = select(RuleAlert).where(col(RuleAlert.rule_id) == rule_id)
    return await page_newest_first(session, statement, RuleAlert.opened_at, RuleAlert.id, request)


async def count_alerts(session: AsyncSession, rule_id: UUID) -> int:
    statement = select(func.count()).select_from(RuleAlert).where(col(RuleAlert.rule_id) == rule_id)
    return (await session.exec(statement)).one()


def episode_of(alert: RuleAlert | None) -> OpenEpisode | None:
    if alert is None:
        return None
    return OpenEpisode(AlertLevel(alert.level), noticed=alert.last_notified_at is not None)


def was_silent(alert: RuleAlert | None) -> bool:
    return alert is not None and alert.reason == AlertReason.SILENT.value


def apply_step(
    session: AsyncSession,
    rule: AutomationRule,
    alert: RuleAlert | None,
    judgement: Judgement,
    step: Step,
    now: datetime,
) -> RuleAlert:
    """The rule's alert after a step that is not nothing. The rule is locked; `alert` is its open one."""
    if alert is None:
        alert = _opened(rule, judgement, now)
        session.add(alert)
    elif step.change is EpisodeChange.RAISED:
        alert.level, alert.reason = _level_and_reason(judgement)
        alert.matched_runs = judgement.figures.matched_runs
        alert.executed_runs = judgement.figures.executed_runs
        alert.failure_rate_pct = judgement.figures.failure_rate_pct
    elif step.change is EpisodeChange.RECOVERED:
        alert.recovered_at = now
    if step.notice:
        alert.last_notified_at = now
    if step.snooze_until is not None:
        _snooze(rule, step.snooze_until, now)
        alert.snoozed_until = rule.snoozed_until
    return alert


def _opened(rule: AutomationRule, judgement: Judgement, now: datetime) -> RuleAlert:
    level, reason = _level_and_reason(judgement)
    return RuleAlert(
        program_id=rule.program_id,
        rule_id=rule.id,
        level=level,
        reason=reason,
        matched_runs=judgement.figures.matched_runs,
        executed_runs=judgement.figures.executed_runs,
        failure_rate_pct=judgement.figures.failure_rate_pct,
        opened_at=now,
    )


def _level_and_reason(judgement: Judgement) -> tuple[str, str]:
    assert judgement.reason is not None
    return judgement.level.value, judgement.reason.value


def _snooze(rule: AutomationRule, until: datetime, now: datetime) -> None:
    if rule.snoozed_until is None or rule.snoozed_until < until:
        rule.snoozed_until = until
        rule.updated_at = now
        rule.updated_by = SNOOZED_BY
