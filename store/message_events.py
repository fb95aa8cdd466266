"""Telling rules what became of messages."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.events import MESSAGE_SOURCE
from domain.journeys.entering import chain_link
from domain.message_events import TYPE_OF_STATUS, MessageEventType, message_event_data
from domain.messages import MessageStatus
from store.generated_events import GeneratedEvent, emit_if_listened, listened_types
from store.tables import Event

TYPES = frozenset(type_.value for type_ in MessageEventType)


@dataclass(frozen=True, slots=True)
class SettledMessage:
    """A message to a participant. `problem`: what went wrong, in a word; `event_id`: what its rule or its journey
    reacted to."""

    id: UUID
    channel: Channel
    participant_id: UUID
    status: MessageStatus
    problem: str | None = None
    rule_id: UUID | None = None
    event_id: UUID | None = None
    journey_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToldMessage:
    """Something that a message to a participant is told of; without `id`, an answer to no message on record.

    `said`: what the event says besides.
    """

    id: UUID | None
    channel: Channel
    participant_id: UUID
    type: MessageEventType
    said: Mapping[str, Any] = field(default_factory=dict)
    rule_id: UUID | None = None
    event_id: UUID | None = None
    journey_id: str | None = None


async def emit_settled_messages(
    session: AsyncSession, program_id: UUID, settled: Sequence[SettledMessage]
) -> None:
    """`message.sent` and `message.failed`, where a rule listens, in the transaction that settles the messages."""
    told = [
        ToldMessage(
            id=one.id,
            channel=one.channel,
            participant_id=one.participant_id,
            type=TYPE_OF_STATUS[one.status],
            said={"error": one.problem},
            rule_id=one.rule_id,
            event_id=one.event_id,
            journey_id=one.journey_id,
        )
        for one in settled
        if one.status in TYPE_OF_STATUS
    ]
    await emit_told_messages(session, program_id, told)


async def emit_told_messages(session: AsyncSession, program_id: UUID, told: Sequence[ToldMessage]) -> None:
    """An event for each that a rule listens to, in the transaction in which what it tells of is written."""
    if not told or TYPES.isdisjoint(await listened_types(session, program_id)):
        return
    chains = await _chains_of(session, {one.event_id for one in told if one.event_id is not None})
    events = [
        GeneratedEvent(
            message_event_data(one.type, one.id, one.channel, one.rule_id, one.said),
            MESSAGE_SOURCE,
            participant_id=one.participant_id,
            causation_id=one.event_id,
            rule_chain=_chain(one, chains),
        )
        for one in told
    ]
    await emit_if_listened(session, program_id, events)


def _chain(told: ToldMessage, chains: dict[UUID, list[UUID]]) -> list[UUID]:
    """What led to the message: it is by this that a rule or a journey which answers its own messages is stopped."""
    own = told.rule_id or (None if told.journey_id is None else chain_link(told.journey_id))
    if own is None:
        return []
    before = [] if told.event_id is None else chains.get(told.event_id, [])
    return [*before, own]


async def _chains_of(session: AsyncSession, event_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    if not event_ids:
        return {}
    statement = select(Event.id, Event.rule_chain).where(col(Event.id).in_(event_ids))
    return {id_: list(chain) for id_, chain in await session.exec(statement)}
