from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from api.errors import invalid
from api.rule_service import RuleServiceDep
from api.schemas.rule_stats import RuleAlertStatOut, RuleRunBucketOut, RuleStatsOut
from domain.rules.alert_levels import Judgement
from domain.rules.alert_presets import ALERT_PRESETS, AlertPreset
from domain.rules.stat_windows import bucket_starts, days_window, hours_window
from store.rule_alerts import open_alerts
from store.rule_judging import Case, alert_settings_of, judge_cases
from store.rule_stats import RunCounts, event_counts, program_series, rule_counts, rule_series, run_counts
from store.rules import RuleFilter, list_rules
from store.tables import AutomationRule, RuleAlert

router = APIRouter(prefix="/v1/automation", tags=["rules"])

OF_DAYS = "So many UTC days, the running one the last of them"
WindowDays = Annotated[int, Query(ge=1, le=365, description=OF_DAYS)]


@dataclass(frozen=True, slots=True)
class Buckets:
    window_days: int
    bucket_days: int


async def _buckets(
    window_days: WindowDays = 30,
    bucket_days: Annotated[
        int, Query(ge=1, le=365, description="Days a bucket, at most the whole window")
    ] = 1,
) -> Buckets:
    if bucket_days > window_days:
        raise invalid(
            "bucket_days",
            "is more than the window",
            f"at most {window_days}, the window_days",
            str(bucket_days),
        )
    return Buckets(window_days, bucket_days)


async def _overrides(
    min_matched_runs: Annotated[
        int | None, Query(ge=1, le=1_000_000, description="In place of the rules' own")
    ] = None,
    failure_rate_threshold_pct: Annotated[
        float | None, Query(gt=0, le=100, allow_inf_nan=False, description="In place of the rules' own")
    ] = None,
) -> dict[str, Any]:
    asked = {
        "min_matched_runs": min_matched_runs,
        "failure_rate_threshold_pct": failure_rate_threshold_pct,
    }
    return {name: value for name, value in asked.items() if value is not None}


BucketsDep = Annotated[Buckets, Depends(_buckets)]
OverridesDep = Annotated[dict[str, Any], Depends(_overrides)]


@router.get("/stats")
async def overview(service: RuleServiceDep, window_days: WindowDays = 30) -> RuleStatsOut:
    """Counts of rules, and of what happened in the window."""
    now = datetime.now(UTC)
    since = days_window(now, window_days)
    rules = await rule_counts(service.session, service.program.id, now)
    runs = await run_counts(service.session, service.program.id, since)
    events = await event_counts(service.session, service.program.id, since)
    return RuleStatsOut.model_validate(asdict(rules) | asdict(runs) | asdict(events))


@router.get("/stats/timeseries")
async def series(service: RuleServiceDep, buckets: BucketsDep) -> list[RuleRunBucketOut]:
    """Runs of all rules over time, the oldest bucket first, empty ones too. The last one may still be running."""
    now = datetime.now(UTC)
    since = days_window(now, buckets.window_days)
    found = await program_series(service.session, service.program.id, since, buckets.bucket_days)
    return _shown(found, buckets, now)


@router.get("/rules/{rule_id}/stats/timeseries")
async def series_of_rule(
    service: RuleServiceDep, rule_id: UUID, buckets: BucketsDep
) -> list[RuleRunBucketOut]:
    """Runs of one rule over time, the oldest bucket first, empty ones too. The last one may still be running."""
    rule = await service.read(rule_id)
    now = datetime.now(UTC)
    since = days_window(now, buckets.window_days)
    return _shown(await rule_series(service.session, rule.id, since, buckets.bucket_days), buckets, now)


@router.get("/stats/alerts")
async def alerts(
    service: RuleServiceDep,
    overrides: OverridesDep,
    window_days: Annotated[
        int | None, Query(ge=1, le=365, description=f"{OF_DAYS}. When absent, the window of the rules' own")
    ] = None,
) -> list[RuleAlertStatOut]:
    """How each rule does that was to act in the window, or is silent; the worst first.

    A rule is judged by its `alert_settings`, without them by the preset `balanced`. What the query names is for all.
    """
    now = datetime.now(UTC)
    rules = await list_rules(service.session, service.program.id, RuleFilter())
    alarmed = await open_alerts(service.session, [rule.id for rule in rules])
    cases = [_case(rule, overrides, window_days, alarmed.get(rule.id), now) for rule in rules]
    judgements = await judge_cases(service.session, cases, now)
    judged = [(rule, judgements[rule.id]) for rule in rules]
    told = [one for one in judged if one[1].figures.matched_runs or one[1].reason is not None]
    return [_judged(rule, judgement) for rule, judgement in sorted(told, key=_worst_first)]


def _case(
    rule: AutomationRule,
    overrides: Mapping[str, Any],
    window_days: int | None,
    alert: RuleAlert | None,
    now: datetime,
) -> Case:
    own = alert_settings_of(rule) or ALERT_PRESETS[AlertPreset.BALANCED]
    since = hours_window(now, own.window_hours) if window_days is None else days_window(now, window_days)
    return Case(rule, own.model_copy(update=overrides), since, alert)


def _worst_first(judged: tuple[AutomationRule, Judgement]) -> tuple[int, float, int, str, str]:
    rule, judgement = judged
    figures = judgement.figures
    severity = -judgement.level.severity
    return severity, -figures.failure_rate_pct, -figures.matched_runs, rule.name, str(rule.id)


def _judged(rule: AutomationRule, judgement: Judgement) -> RuleAlertStatOut:
    return RuleAlertStatOut(
        rule_id=rule.id,
        rule_name=rule.name,
        matched_runs=judgement.figures.matched_runs,
        executed_runs=judgement.figures.executed_runs,
        failure_rate_pct=judgement.figures.failure_rate_pct,
        alert_level=judgement.level,
        reason=judgement.reason,
    )


def _shown(found: Mapping[datetime, RunCounts], buckets: Buckets, now: datetime) -> list[RuleRunBucketOut]:
    starts = bucket_starts(now, buckets.window_days, buckets.bucket_days)
    return [
        RuleRunBucketOut.model_validate({"bucket": start, **asdict(found.get(start, RunCounts()))})
        for start in starts
    ]
