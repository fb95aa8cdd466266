"""Judging rules by what the record holds of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.rules.alert_levels import Judgement, judge
from domain.rules.alerting import AlertSettings
from domain.rules.effective_state import effective_state
from domain.rules.silence import MatchHistory, listening_since
from domain.rules.stat_windows import hour_of
from store.compiled_rules import schedule_of
from store.rule_alerts import was_silent
from store.rule_control import state_of
from store.rule_stats import matches_by_day, run_figures
from store.tables import AutomationControl, AutomationRule, RuleAlert


@dataclass(frozen=True, slots=True)
class Case:
    """A rule, and what it is judged by: these settings, over its runs since `since`. `alert`: its open one."""

    rule: AutomationRule
    settings: AlertSettings
    since: datetime
    alert: RuleAlert | None


def alert_settings_of(rule: AutomationRule) -> AlertSettings | None:
    return None if rule.alert_settings is None else AlertSettings.model_validate(rule.alert_settings)


async def judge_cases(
    session: AsyncSession, cases: Sequence[Case], now: datetime
) -> Mapping[UUID, Judgement]:
    """By rule."""
    figures = await run_figures(session, {case.rule.id: case.since for case in cases})
    matches = await matches_by_day(session, [case.rule.id for case in cases], hour_of(now))
    controls = await _controls(session, {case.rule.program_id for case in cases})
    return {
        case.rule.id: judge(
            figures[case.rule.id],
            MatchHistory(
                matches[case.rule.id], _listening_since(case.rule, controls.get(case.rule.program_id), now)
            ),
            case.settings,
            now,
            was_silent=was_silent(case.alert),
        )
        for case in cases
    }


async def _controls(session: AsyncSession, programs: set[UUID]) -> dict[UUID, AutomationControl]:
    statement = select(AutomationControl).where(col(AutomationControl.program_id).in_(programs))
    return {control.program_id: control for control in await session.exec(statement)}


def _listening_since(
    rule: AutomationRule, control: AutomationControl | None, now: datetime
) -> datetime | None:
    schedule = schedule_of(rule)
    state = effective_state(rule.id, rule.is_active, rule.snoozed_until, state_of(control), schedule, now)
    changes = [rule.updated_at, rule.snoozed_until]
    if control is not None:
        changes += [control.updated_at, control.paused_until]
    return listening_since(state, schedule, changes, now)
