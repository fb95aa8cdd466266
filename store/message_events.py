"""Telling rules what became of messages."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.events import MESSAGE_SOURCE
from domain.message_events import TYPE_OF_STATUS, message_event_data
from domain.messages import MessageStatus
from store.generated_events import GeneratedEvent, emit_if_listened, listened_types
from store.tables import Event


@dataclass(frozen=True, slots=True)
class SettledMessage:
    """A message to a participant. `problem`: what went wrong, in a word; `event_id`: what its rule reacted to."""

    id: UUID
    channel: Channel
    participant_id: UUID
    status: MessageStatus
    problem: str | None = None
    rule_id: UUID | None = None
    event_id: UUID | None = None


async def emit_settled_messages(
    session: AsyncSession, program_id: UUID, settled: Sequence[SettledMessage]
) -> None:
    """`message.sent` and `message.failed`, where a rule listens, in the transaction that settles the messages."""
    if set(TYPE_OF_STATUS.values()).isdisjoint(await listened_types(session, program_id)):
        return
    chains = await _chains_of(session, {one.event_id for one in settled if one.event_id is not None})
    events = []
    for one in settled:
        data = message_event_data(one.id, one.status, one.channel, one.rule_id, one.problem)
        if data is not None:
            events.append(
                GeneratedEvent(
                    data,
                    MESSAGE_SOURCE,
                    participant_id=one.participant_id,
                    causation_id=one.event_id,
                    rule_chain=_chain(one, chains),
                )
            )
    await emit_if_listened(session, program_id, events)


def _chain(settled: SettledMessage, chains: dict[UUID, list[UUID]]) -> list[UUID]:
    """The rules that led to the message: it is by this that a rule which answers its own messages is stopped."""
    if settled.rule_id is None:
        return []
    before = [] if settled.event_id is None else chains.get(settled.event_id, [])
    return [*before, settled.rule_id]


async def _chains_of(session: AsyncSession, event_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    if not event_ids:
        return {}
    statement = select(Event.id, Event.rule_chain).where(col(Event.id).in_(event_ids))
    return {id_: list(chain) for id_, chain in await session.exec(statement)}
