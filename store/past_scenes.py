"""What conditions see of past events: people with their state of then, and all else as it is now."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.rules.counterfactual import PastEvent
from domain.segments import SEGMENTS
from store.participant_values import Row
from store.past_state import COLUMNS, states_at
from store.rule_subjects import conversations_of, participants_of
from store.rule_values import rule_values
from store.tables import Program


@dataclass(frozen=True, slots=True)
class PastScene:
    """The people of some events, each as of the instants of their events, and the conversations."""

    program: Program
    people: Mapping[tuple[UUID, datetime], Row]
    conversations: Mapping[UUID, Row]

    def values_of(self, event: PastEvent) -> dict[str, object]:
        participant = self.people.get((event.participant_id, event.at)) if event.participant_id else None
        conversation = self.conversations.get(event.conversation_id) if event.conversation_id else None
        return rule_values(self.program, event.at, participant, conversation, event.data)


async def past_scene(
    session: AsyncSession, program: Program, events: Sequence[PastEvent], variables: Collection[str]
) -> PastScene:
    """Of people and conversations, only what `variables` need is read."""
    people: Mapping[tuple[UUID, datetime], Row] = {}
    conversations: Mapping[UUID, Row] = {}
    if any(name.startswith("participant.") for name in variables):
        people = await _people(session, events, variables)
    if any(name.startswith("conversation.") for name in variables):
        ids = {event.conversation_id for event in events if event.conversation_id}
        conversations = await conversations_of(session, ids)
    return PastScene(program, people, conversations)


async def _people(
    session: AsyncSession, events: Sequence[PastEvent], variables: Collection[str]
) -> Mapping[tuple[UUID, datetime], Row]:
    moments = {(event.participant_id, event.at) for event in events if event.participant_id}
    ids = {participant_id for participant_id, _ in moments}
    found = await participants_of(session, ids, with_segments=SEGMENTS in variables)
    known = {(participant_id, at) for participant_id, at in moments if participant_id in found}
    types = [state_type for state_type, column in COLUMNS.items() if f"participant.{column}" in variables]
    if not types:
        return {(participant_id, at): found[participant_id] for participant_id, at in known}
    return await states_at(session, found, known, types)
