"""What rules made of events, as it is listed: by program, by rule, by event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from store.queue_lists import QUEUE_STATUS
from store.rule_pages import RuleList
from store.rules import get_rule
from store.tables import Event, RuleRun

_OF_EVENT = select(QUEUE_STATUS).where(col(Event.id) == col(RuleRun.event_id)).scalar_subquery()
RUN_COLUMNS: Mapping[str, SQLColumnExpression[Any]] = {
    "id": col(RuleRun.id),
    "event_id": col(RuleRun.event_id),
    "rule_id": col(RuleRun.rule_id),
    "conversation_id": col(RuleRun.conversation_id),
    "matched": col(RuleRun.matched),
    "executed": col(RuleRun.executed),
    "result": col(RuleRun.result),
    "created_at": col(RuleRun.created_at),
    "rule_name": col(RuleRun.rule_name),
    "event_type": col(RuleRun.event_type),
    "event_source": col(RuleRun.event_source),
    "event_status": _OF_EVENT,
    "contact_id": col(RuleRun.contact_id),
    "channel_source": col(RuleRun.channel_source),
    "stopped_by": col(RuleRun.stopped_by),
}


@dataclass(frozen=True, slots=True)
class RunsWanted:
    """Combined with AND; what is None is not asked."""

    rule_id: UUID | None = None
    event_id: UUID | None = None
    matched: bool | None = None
    executed: bool | None = None


def runs_of(program_id: UUID, wanted: RunsWanted) -> RuleList:
    conditions: list[ColumnElement[bool]] = []
    for name in ("rule_id", "event_id", "matched", "executed"):
        value = getattr(wanted, name)
        if value is not None:
            conditions.append(col(getattr(RuleRun, name)) == value)
    return RuleList(RuleRun, program_id, RUN_COLUMNS, conditions)


async def rule_is_known(session: AsyncSession, program_id: UUID, rule_id: UUID) -> bool:
    """Whether the program has the rule, or had it and has runs of it."""
    if await get_rule(session, program_id, rule_id) is not None:
        return True
    return await _has_run(session, program_id, col(RuleRun.rule_id) == rule_id)


async def event_is_known(session: AsyncSession, program_id: UUID, event_id: UUID) -> bool:
    """Whether the program has the event, or had it and has runs on it."""
    event = await session.get(Event, event_id)
    if event is not None:
        return event.program_id == program_id
    return await _has_run(session, program_id, col(RuleRun.event_id) == event_id)


async def _has_run(session: AsyncSession, program_id: UUID, which: ColumnElement[bool]) -> bool:
    statement = select(col(RuleRun.id)).where(col(RuleRun.program_id) == program_id, which)
    return await session.scalar(statement.limit(1)) is not None
