"""Which events and rules led to an event, and what it led to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, select, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.queue_status import QueueStatus
from domain.rules.gating import MAX_CHAIN
from domain.rules.rule import Gate
from store.queue_lists import QUEUE_STATUS
from store.rule_pages import Selection
from store.tables import Event, RuleRun

MOST_CONSEQUENCES = 1_000

_CAUSES = text(
    """
    WITH RECURSIVE cause AS (
        SELECT id, causation_id, 0 AS distance FROM event WHERE id = :event AND program_id = :program
        UNION ALL
        SELECT e.id, e.causation_id, cause.distance + 1
        FROM cause JOIN event AS e ON e.id = cause.causation_id AND e.program_id = :program
        WHERE cause.distance < :most
    )
    SELECT id, distance FROM cause WHERE distance > 0
    """
)


@dataclass(frozen=True, slots=True)
class ChainEvent:
    id: UUID
    event_type: str
    source: str
    status: QueueStatus
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ChainRule:
    """`rule_name` as it was then. It and `run_id` are None where the run is there no longer."""

    rule_id: UUID
    rule_name: str | None
    run_id: UUID | None


@dataclass(frozen=True, slots=True)
class ChainLink:
    """An event and a rule: of a cause, the rule that reacted to it; of a consequence, the rule that made it.

    `event` is None where it is there no longer; `rule`, where the event was made by none.
    """

    event: ChainEvent | None
    rule: ChainRule | None


@dataclass(frozen=True, slots=True)
class EventChain:
    """`causes`: the first one first. `stopped`: the rules that let the event be, as the chain was closed or too long."""

    event: ChainEvent
    causes: Sequence[ChainLink]
    consequences: Sequence[ChainLink]
    stopped: Sequence[ChainRule]


async def chain_of(session: AsyncSession, program_id: UUID, event_id: UUID) -> EventChain | None:
    """None where the program has no such event."""
    found = await _events(session, program_id, col(Event.id) == event_id)
    if not found:
        return None
    (own,) = found
    caused = await _events(session, program_id, col(Event.causation_id) == event_id)
    causes = await _causing(session, program_id, event_id)
    runs = await _runs(session, [event_id, *(row["id"] for row in causes.values())])
    chain: list[UUID] = own["rule_chain"]
    return EventChain(
        event=_event(own),
        causes=[
            _cause(causes.get(distance), rule_id, runs)
            for rule_id, distance in zip(chain, range(len(chain), 0, -1), strict=True)
        ],
        consequences=[
            ChainLink(
                _event(row), _rule(event_id, row["rule_chain"][-1], runs) if row["rule_chain"] else None
            )
            for row in caused
        ],
        stopped=[
            _rule(event_id, rule_id, runs)
            for (of_event, rule_id), run in runs.items()
            if of_event == event_id and run["stopped_by"] == Gate.LOOP
        ],
    )


async def _causing(session: AsyncSession, program_id: UUID, event_id: UUID) -> dict[int, RowMapping]:
    """The events that led to it and are still there, by how many steps they lie back."""
    asked = {"event": event_id, "program": program_id, "most": MAX_CHAIN}
    distances: dict[UUID, int] = dict((await session.execute(_CAUSES, asked)).all())
    rows = await _events(session, program_id, col(Event.id).in_(distances))
    return {distances[row["id"]]: row for row in rows}


async def _events(
    session: AsyncSession, program_id: UUID, which: ColumnElement[bool]
) -> Sequence[RowMapping]:
    statement: Selection = (
        select(
            col(Event.id),
            col(Event.type).label("event_type"),
            col(Event.source),
            QUEUE_STATUS.label("status"),
            col(Event.created_at),
            col(Event.rule_chain),
        )
        .where(col(Event.program_id) == program_id, which)
        .order_by(col(Event.created_at), col(Event.id))
        .limit(MOST_CONSEQUENCES)
    )
    return (await session.execute(statement)).mappings().all()


async def _runs(session: AsyncSession, event_ids: Sequence[UUID]) -> dict[tuple[UUID, UUID], RowMapping]:
    """By event and rule."""
    statement: Selection = select(
        col(RuleRun.id),
        col(RuleRun.event_id),
        col(RuleRun.rule_id),
        col(RuleRun.rule_name),
        col(RuleRun.stopped_by),
    ).where(col(RuleRun.event_id).in_(event_ids))
    rows = (await session.execute(statement.order_by(col(RuleRun.id)))).mappings()
    return {(row["event_id"], row["rule_id"]): row for row in rows}


def _cause(event: RowMapping | None, rule_id: UUID, runs: dict[tuple[UUID, UUID], RowMapping]) -> ChainLink:
    if event is None:
        return ChainLink(None, ChainRule(rule_id, None, None))
    return ChainLink(_event(event), _rule(event["id"], rule_id, runs))


def _event(row: RowMapping) -> ChainEvent:
    values: dict[str, Any] = {name: row[name] for name in ("id", "event_type", "source", "created_at")}
    return ChainEvent(**values, status=QueueStatus(row["status"]))


def _rule(event_id: UUID, rule_id: UUID, runs: dict[tuple[UUID, UUID], RowMapping]) -> ChainRule:
    run = runs.get((event_id, rule_id))
    return ChainRule(rule_id, run["rule_name"] if run else None, run["id"] if run else None)
