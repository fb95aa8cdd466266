"""What rules changed, told as events of its own: other rules may react, the ones that led to it may not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.conversation_events import conversation_event_data
from domain.events import CONVERSATION_SOURCE
from domain.rules.acting import Row
from domain.rules.processing import EventFacts, ProcessedEvent
from store.generated_events import GeneratedEvent, emit_if_listened, participant_events
from store.subscription_follow import ParticipantChange


@dataclass(frozen=True, slots=True)
class Cause:
    """The last event of a batch through which rules changed something, and all of its chain."""

    event: EventFacts
    chain: tuple[UUID, ...]

    def of(self, event: GeneratedEvent) -> GeneratedEvent:
        return replace(event, causation_id=self.event.id, rule_chain=self.chain)


def causes_by_participant(processed: Sequence[ProcessedEvent]) -> dict[UUID, Cause]:
    return {
        one.event.participant_id: Cause(one.event, (*one.event.chain, *one.participant_rules))
        for one in processed
        if one.participant_rules and one.event.participant_id is not None
    }


def causes_by_conversation(processed: Sequence[ProcessedEvent]) -> dict[UUID, Cause]:
    return {
        one.event.conversation_id: Cause(one.event, (*one.event.chain, *one.conversation_rules))
        for one in processed
        if one.conversation_rules and one.event.conversation_id is not None
    }


async def tell_of_participants(
    session: AsyncSession,
    program_id: UUID,
    changes: Sequence[ParticipantChange],
    causes: Mapping[UUID, Cause],
    sources: Mapping[UUID, str],
) -> None:
    events = []
    for change in changes:
        participant_id = change.after["id"]
        told = participant_events([change], sources[participant_id])
        events += [causes[participant_id].of(event) for event in told]
    await emit_if_listened(session, program_id, events)


async def tell_of_conversations(
    session: AsyncSession, changes: Sequence[tuple[Row, Row]], causes: Mapping[UUID, Cause]
) -> None:
    """`changes`: each conversation before and after."""
    by_program: dict[UUID, list[GeneratedEvent]] = {}
    for before, after in changes:
        data = conversation_event_data(before, after)
        if data is not None:
            cause = causes[after["id"]]
            event = GeneratedEvent(
                data,
                CONVERSATION_SOURCE,
                participant_id=after["contact_id"],
                conversation_id=after["id"],
                channel_source=after["channel_source"],
            )
            by_program.setdefault(cause.event.program_id, []).append(cause.of(event))
    for program_id, events in by_program.items():
        await emit_if_listened(session, program_id, events)
