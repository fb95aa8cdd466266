"""Writing what a slice of a journey's people decided: where they stand, and what their steps do beyond that."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid5

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.composing import ComposedMessage
from domain.journeys.entering import chain_link
from domain.journeys.stepping import Effect, EnrollingElsewhere, Sending, Walked
from store.generated_events import OF_PARTICIPANTS, emit_if_listened, listened_types, participant_events
from store.journey_admission import Candidate, admit, refuse_all
from store.journey_listeners import open_versions, version_listeners
from store.journey_moves import Moved, tally_moves, write_moves
from store.journey_slices import Due, Slice
from store.participant_states import change_states
from store.queued_messages import MessageToQueue, queue_messages
from store.subscription_follow import ParticipantChange

BY_JOURNEY = "journey:"
Kind = TypeVar("Kind", bound=Effect)


async def write_walks(session: AsyncSession, slice_: Slice, walks: Sequence[Walked], now: datetime) -> None:
    """All of it, in the transaction that has locked the slice. `walks`: of its people, in their order."""
    walked = list(zip(slice_.people, walks, strict=True))
    moved = [Moved(due.enrollment_id, due.content_hash, due.steps, one) for due, one in walked]
    await write_moves(session, slice_.journey_id, moved, now)
    await _queue_messages(session, slice_, walked)
    await _enroll_elsewhere(session, slice_, walked, now)
    await _change_people(session, slice_, walked, now)
    await tally_moves(session, slice_.journey_id, moved)


async def _queue_messages(session: AsyncSession, slice_: Slice, walked: Sequence[tuple[Due, Walked]]) -> None:
    messages = []
    for due, sending in _of_kind(walked, Sending):
        content = sending.content
        assert isinstance(content, ComposedMessage)
        name = f"{sending.block_id}:{due.pass_number}"
        messages.append(
            MessageToQueue(
                id=uuid5(due.enrollment_id, name),
                key=f"{BY_JOURNEY}{due.enrollment_id}:{name}",
                program_id=slice_.program.id,
                participant_id=due.person["id"],
                channel=content.channel,
                recipient=content.recipient,
                subject=content.subject,
                body=content.body,
                options=content.options,
                sending=content.sending,
                event_id=due.trigger_event_id,
                journey_id=slice_.journey_id,
                enrollment_id=due.enrollment_id,
                block_id=sending.block_id,
                template_id=content.template_id,
            )
        )
    await queue_messages(session, messages)


async def _enroll_elsewhere(
    session: AsyncSession, slice_: Slice, walked: Sequence[tuple[Due, Walked]], now: datetime
) -> None:
    """Into journeys that are enabled, through their gates."""
    by_journey: dict[str, list[Candidate]] = {}
    for due, effect in _of_kind(walked, EnrollingElsewhere):
        key = f"{effect.journey_id}:{BY_JOURNEY}{due.enrollment_id}:{effect.block_id}:{due.pass_number}"
        chain = _chain(slice_, due)
        candidate = Candidate(due.person["id"], key, now, due.trigger_event_id, chain)
        by_journey.setdefault(effect.journey_id, []).append(candidate)
    opened = await open_versions(session, [slice_.program.id], by_journey)
    listeners = await version_listeners(session, opened.values())
    for journey_id in sorted(by_journey):
        version = listeners.get(opened.get(journey_id, (journey_id, "")))
        if version is None:
            await refuse_all(session, slice_.program.id, journey_id, by_journey[journey_id], now)
        else:
            await admit(session, slice_.program, version, by_journey[journey_id], now)


async def _change_people(
    session: AsyncSession, slice_: Slice, walked: Sequence[tuple[Due, Walked]], now: datetime
) -> None:
    """Each once, however many of their passes changed them."""
    before = {due.person["id"]: due.person for due, _ in reversed(walked)}
    after = {due.person["id"]: one.row for due, one in walked}
    changes = [
        ParticipantChange(before[id_], after[id_]) for id_ in sorted(after) if after[id_] is not before[id_]
    ]
    if changes:
        source = BY_JOURNEY + slice_.journey_id
        sources: dict[UUID, str] = dict.fromkeys((change.after["id"] for change in changes), source)
        await change_states(session, slice_.program, changes, sources, now)
        # Most often nobody listens, and then nothing has to be made up.
        if not OF_PARTICIPANTS & await listened_types(session, slice_.program.id):
            return
        chains = {due.person["id"]: _chain(slice_, due) for due, _ in walked}
        events = [
            replace(event, rule_chain=chains[event.participant_id])
            for event in participant_events(changes, source)
            if event.participant_id is not None
        ]
        await emit_if_listened(session, slice_.program.id, events)


def _chain(slice_: Slice, due: Due) -> tuple[UUID, ...]:
    """What leads to the consequences of somebody's steps."""
    return (*due.chain, chain_link(slice_.journey_id))


def _of_kind(walked: Sequence[tuple[Due, Walked]], kind: type[Kind]) -> Iterator[tuple[Due, Kind]]:
    for due, one in walked:
        for effect in one.effects:
            if isinstance(effect, kind):
                yield due, effect
