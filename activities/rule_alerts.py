"""Alerts of rules: which begin, worsen and end by what the rules did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from temporalio import activity

from activities.resources import Resources
from activities.rule_alert_notices import tell
from domain.rules.alert_episodes import EpisodeChange, Step, next_step
from domain.rules.alert_levels import AlertLevel, Judgement, RunFigures
from domain.rules.alerting import AlertSettings
from domain.rules.stat_windows import hours_window
from store.rule_alerts import (
    apply_step,
    episode_of,
    last_notices,
    open_alerts,
    watched_rules,
)
from store.rule_judging import Case, alert_settings_of, judge_cases
from store.rules import lock_rule
from store.tables import AutomationRule, RuleAlert

# Silence shows in the second day without a match, and a worker that was away for a day overlooks nothing.
LOOK_BACK_HOURS = 48
JUDGED_AT_ONCE = 500
NOT_JUDGED = Judgement(AlertLevel.OK, None, RunFigures(0, 0))


@dataclass(frozen=True, slots=True)
class _Finding:
    rule: AutomationRule
    settings: AlertSettings
    alert: RuleAlert | None
    judgement: Judgement
    step: Step


class RuleAlertActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database

    async def attend(self, now: datetime) -> int:
        """Open, raise and close alerts, and tell of them, as far as that is due; answers how many were opened."""
        async with self._database.transaction() as session:
            watched = await watched_rules(session, hours_window(now, LOOK_BACK_HOURS))
        opened = 0
        for begin in range(0, len(watched), JUDGED_AT_ONCE):
            for rule in await self._in_need(watched[begin : begin + JUDGED_AT_ONCE], now):
                activity.heartbeat()
                opened += await self._take_step(rule.program_id, rule.id, now)
        return opened

    async def _in_need(self, rules: Sequence[UUID], now: datetime) -> list[AutomationRule]:
        async with self._database.transaction() as session:
            found = await session.exec(select(AutomationRule).where(col(AutomationRule.id).in_(rules)))
            findings = await _findings(session, found.all(), now)
        return [finding.rule for finding in findings if not finding.step.is_nothing]

    async def _take_step(self, program_id: UUID, rule_id: UUID, now: datetime) -> bool:
        """Whether an alert was opened. The rule is judged anew under its lock: another upkeep may have been faster."""
        async with self._database.transaction() as session:
            rule = await lock_rule(session, program_id, rule_id)
            if rule is None:
                return False
            (finding,) = await _findings(session, [rule], now)
            if finding.step.is_nothing:
                return False
            alert = apply_step(session, rule, finding.alert, finding.judgement, finding.step, now)
            if finding.step.notice:
                await tell(session, rule, finding.settings, alert, finding.judgement)
        return finding.step.change is EpisodeChange.OPENED


async def _findings(session: AsyncSession, rules: Sequence[AutomationRule], now: datetime) -> list[_Finding]:
    ids = [rule.id for rule in rules]
    alerts, noticed = await open_alerts(session, ids), await last_notices(session, ids)
    cases = [
        Case(rule, settings, hours_window(now, settings.window_hours), alerts.get(rule.id))
        for rule in rules
        if (settings := alert_settings_of(rule)) is not None
    ]
    judgements = await judge_cases(session, cases, now)
    return [_finding(rule, alerts.get(rule.id), judgements, noticed.get(rule.id), now) for rule in rules]


def _finding(
    rule: AutomationRule,
    alert: RuleAlert | None,
    judgements: Mapping[UUID, Judgement],
    last_noticed_at: datetime | None,
    now: datetime,
) -> _Finding:
    # A rule that lost its settings is not judged any more: its open alert is closed, and nobody is there to be told.
    settings = alert_settings_of(rule) or AlertSettings()
    judgement = judgements.get(rule.id, NOT_JUDGED)
    step = next_step(episode_of(alert), judgement.level, settings, last_noticed_at, now)
    return _Finding(rule, settings, alert, judgement, step)
