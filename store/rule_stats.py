"""Counts of what rules did, from their hourly tallies. Instants at which stretches of time begin are whole hours."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.rules.alert_levels import RunFigures
from domain.rules.silence import DAYS_LOOKED_AT
from store.rule_pages import plan_for_lists


@dataclass(frozen=True, slots=True)
class RunCounts:
    """`matched_runs`: all whose conditions held, also those that rollout or cooldown held back."""

    total_runs: int = 0
    matched_runs: int = 0
    executed_runs: int = 0


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """Rules as they are now."""

    total_rules: int
    active_rules: int
    snoozed_rules: int


@dataclass(frozen=True, slots=True)
class EventCounts:
    total_events: int
    failed_events: int


_RUNS = text(
    "SELECT coalesce(sum(total), 0), coalesce(sum(matched), 0), coalesce(sum(executed), 0) "
    "FROM rule_run_tally WHERE program_id = :program AND hour >= :since"
)
_SERIES_OF_PROGRAM = text(
    "SELECT date_bin(make_interval(days => :days), hour, :since) AS bucket, sum(total), sum(matched), sum(executed) "
    "FROM rule_run_tally WHERE program_id = :program AND hour >= :since GROUP BY bucket"
)
_SERIES_OF_RULE = text(
    "SELECT date_bin(make_interval(days => :days), hour, :since) AS bucket, sum(total), sum(matched), sum(executed) "
    "FROM rule_run_tally WHERE rule_id = :rule AND hour >= :since GROUP BY bucket"
)
_RULES = text(
    "SELECT count(*), count(*) FILTER (WHERE is_active), count(*) FILTER (WHERE snoozed_until > :now) "
    "FROM automation_rule WHERE program_id = :program"
)
# The status is written out, so that a prepared statement can use the index of those that failed.
_EVENTS = text(
    "SELECT (SELECT count(*) FROM event WHERE program_id = :program AND created_at >= :since), "
    "(SELECT count(*) FROM event WHERE program_id = :program AND created_at >= :since AND status = 'FAILED')"
)
_FIGURES = text(
    "SELECT asked.rule, coalesce(sum(matched - held), 0), coalesce(sum(executed), 0) "
    "FROM unnest(CAST(:rules AS uuid[]), CAST(:since AS timestamptz[])) AS asked(rule, since) "
    "LEFT JOIN rule_run_tally ON rule_id = asked.rule AND hour >= asked.since GROUP BY asked.rule"
)
_MATCHES_BY_DAY = text(
    "SELECT rule_id, greatest(ceil(extract(epoch FROM :hour - hour) / 86400) - 1, 0)::int AS day, sum(matched) "
    "FROM rule_run_tally WHERE rule_id = ANY(CAST(:rules AS uuid[])) "
    "AND hour >= :hour - make_interval(days => :days) GROUP BY rule_id, day"
)


async def run_counts(session: AsyncSession, program_id: UUID, since: datetime) -> RunCounts:
    await plan_for_lists(session)
    row = (await session.execute(_RUNS, {"program": program_id, "since": since})).one()
    return RunCounts(*row)


async def rule_counts(session: AsyncSession, program_id: UUID, now: datetime) -> RuleCounts:
    row = (await session.execute(_RULES, {"program": program_id, "now": now})).one()
    return RuleCounts(*row)


async def event_counts(session: AsyncSession, program_id: UUID, since: datetime) -> EventCounts:
    """Events that were stored since then, and those of them that are given up by now."""
    await plan_for_lists(session)
    row = (await session.execute(_EVENTS, {"program": program_id, "since": since})).one()
    return EventCounts(*row)


async def program_series(
    session: AsyncSession, program_id: UUID, since: datetime, bucket_days: int
) -> dict[datetime, RunCounts]:
    """Counts by the beginning of their bucket, the first of which begins at `since`; empty ones are left out."""
    await plan_for_lists(session)
    rows = await session.execute(
        _SERIES_OF_PROGRAM, {"program": program_id, "since": since, "days": bucket_days}
    )
    return {bucket: RunCounts(*counts) for bucket, *counts in rows}


async def rule_series(
    session: AsyncSession, rule_id: UUID, since: datetime, bucket_days: int
) -> dict[datetime, RunCounts]:
    """As `program_series`, of one rule."""
    rows = await session.execute(_SERIES_OF_RULE, {"rule": rule_id, "since": since, "days": bucket_days})
    return {bucket: RunCounts(*counts) for bucket, *counts in rows}


async def run_figures(session: AsyncSession, since: Mapping[UUID, datetime]) -> dict[UUID, RunFigures]:
    """The figures of each of these rules, since an instant of its own."""
    rows = await session.execute(_FIGURES, {"rules": list(since), "since": list(since.values())})
    return {rule_id: RunFigures(matched, executed) for rule_id, matched, executed in rows}


async def matches_by_day(
    session: AsyncSession, rules: Collection[UUID], hour: datetime
) -> dict[UUID, list[int]]:
    """Matches of each of these rules by day, the last day first: 24 hours before `hour` and all from it on."""
    rows = await session.execute(
        _MATCHES_BY_DAY, {"rules": list(rules), "hour": hour, "days": DAYS_LOOKED_AT}
    )
    found = {rule_id: [0] * DAYS_LOOKED_AT for rule_id in rules}
    for rule_id, day, matched in rows:
        found[rule_id][day] = matched
    return found
