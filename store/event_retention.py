"""Forgetting old events and what rules made of them, a bounded piece a statement."""

from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

ROWS_A_STATEMENT = 10_000

# Program by program, as that is how the indexes are ordered.
_EVENTS = text(
    """
    DELETE FROM event WHERE status IN ('COMPLETED', 'FAILED') AND id = ANY(ARRAY(
        SELECT old.id FROM program CROSS JOIN LATERAL (
            SELECT id FROM event
            WHERE program_id = program.id AND created_at < :before AND status IN ('COMPLETED', 'FAILED')
            ORDER BY created_at LIMIT :rows
        ) AS old LIMIT :rows
    ))
    """
)
_RUNS = text(
    """
    DELETE FROM rule_run WHERE id = ANY(ARRAY(
        SELECT old.id FROM program CROSS JOIN LATERAL (
            SELECT id FROM rule_run WHERE program_id = program.id AND created_at < :before
            ORDER BY created_at LIMIT :rows
        ) AS old LIMIT :rows
    ))
    """
)
_TALLIES = text(
    """
    DELETE FROM rule_run_tally AS tally USING program
    WHERE tally.program_id = program.id AND tally.hour < :before
    """
)
_COOLDOWNS = text(
    """
    DELETE FROM rule_cooldown WHERE ctid = ANY(ARRAY(
        SELECT old.ctid FROM rule_cooldown AS old LEFT JOIN automation_rule AS rule ON rule.id = old.rule_id
        WHERE old.executed_at < :before
          AND (rule.id IS NULL OR old.executed_at + rule.cooldown_secs * INTERVAL '1 second' <= :now)
        LIMIT :rows
    ))
    """
)
_TYPES = text("DELETE FROM event_type WHERE last_seen_at < :before")


async def discard_events(session: AsyncSession, created_before: datetime) -> int:
    """Events that are over; answers how many. ROWS_A_STATEMENT: there may be more."""
    return await _discard(session, _EVENTS, before=created_before, rows=ROWS_A_STATEMENT)


async def discard_rule_runs(session: AsyncSession, created_before: datetime) -> int:
    """What rules made of events, as above."""
    return await _discard(session, _RUNS, before=created_before, rows=ROWS_A_STATEMENT)


async def discard_tallies(session: AsyncSession, before: datetime) -> int:
    """The counts of rules' runs in the hours that begin before then."""
    return await _discard(session, _TALLIES, before=before)


async def discard_cooldowns(session: AsyncSession, executed_before: datetime, now: datetime) -> int:
    """When rules last acted for whom, where that keeps no rule from acting any more; as above."""
    return await _discard(session, _COOLDOWNS, before=executed_before, now=now, rows=ROWS_A_STATEMENT)


async def discard_event_types(session: AsyncSession, seen_before: datetime) -> int:
    """Types of which no event has come since."""
    return await _discard(session, _TYPES, before=seen_before)


async def _discard(session: AsyncSession, statement: TextClause, **parameters: Any) -> int:
    # The count is of the cursor, which the session's own result type does not know.
    result: Any = await session.execute(statement, parameters)
    return int(result.rowcount)
