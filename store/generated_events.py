"""Events that Carillon makes of what happens in it: stored where an active rule or a journey listens to their type."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import PARTICIPANT_SOURCE, EventKind
from domain.participant_events import PARTICIPANT_CREATED, PARTICIPANT_UPDATED, participant_event_data
from store.event_rows import NewEvent, insert_events
from store.journey_listeners import types_heard_by_journeys
from store.subscription_follow import ParticipantChange
from store.tables import AutomationRule

OF_PARTICIPANTS = frozenset({PARTICIPANT_CREATED, PARTICIPANT_UPDATED})


@dataclass(frozen=True, slots=True)
class GeneratedEvent:
    """`data`: with its `type`. `causation_id` and `rule_chain`: of what rules have caused, as in the table."""

    data: dict[str, Any]
    source: str
    participant_id: UUID | None = None
    conversation_id: UUID | None = None
    channel_source: str | None = None
    causation_id: UUID | None = None
    rule_chain: Sequence[UUID] = ()


async def listened_types(session: AsyncSession, program_id: UUID) -> frozenset[str]:
    """The types of event that an active rule or a journey of the program listens to."""
    statement = select(AutomationRule.trigger_type).where(
        col(AutomationRule.program_id) == program_id, col(AutomationRule.is_active)
    )
    of_rules = frozenset(await session.exec(statement.distinct()))
    return of_rules | await types_heard_by_journeys(session, program_id)


async def emit_if_listened(session: AsyncSession, program_id: UUID, events: Sequence[GeneratedEvent]) -> None:
    """Store those that a rule or a journey listens to, in their order, in the transaction in which what they tell of happens."""
    if events:
        await _insert_listened(session, program_id, events, await listened_types(session, program_id))


async def emit_participant_changes(
    session: AsyncSession, program_id: UUID, changes: Sequence[ParticipantChange], source: str
) -> None:
    """`participant.created` and `participant.updated`, where a rule or a journey listens. `source`: who made the changes."""
    listened = await listened_types(session, program_id)
    if OF_PARTICIPANTS & listened:
        await _insert_listened(session, program_id, participant_events(changes, source), listened)


def participant_events(changes: Sequence[ParticipantChange], source: str) -> list[GeneratedEvent]:
    """An event for each participant in whom something has changed."""
    events = []
    for change in changes:
        before = None if change.before is None else dict(change.before)
        data = participant_event_data(before, dict(change.after), source)
        if data is not None:
            events.append(GeneratedEvent(data, PARTICIPANT_SOURCE, participant_id=change.after["id"]))
    return events


async def _insert_listened(
    session: AsyncSession, program_id: UUID, events: Sequence[GeneratedEvent], listened: frozenset[str]
) -> None:
    now = datetime.now(UTC)
    wanted = [event for event in events if event.data["type"] in listened]
    await insert_events(session, [_new(program_id, event, now) for event in wanted])


def _new(program_id: UUID, event: GeneratedEvent, now: datetime) -> NewEvent:
    return NewEvent(
        program_id=program_id,
        kind=EventKind.SYSTEM,
        data=event.data,
        source=event.source,
        event_timestamp=now,
        created_at=now,
        participant_id=event.participant_id,
        conversation_id=event.conversation_id,
        channel_source=event.channel_source,
        causation_id=event.causation_id,
        rule_chain=event.rule_chain,
    )
