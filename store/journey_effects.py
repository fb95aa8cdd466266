"""Writing what a slice of a journey's people decided: where they stand, and what their steps do beyond that."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid5

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.composing import ComposedMessage
from domain.journeys.stepping import Effect, EnrollingElsewhere, Sending, Walked
from store.enrollments import Entry, enroll
from store.generated_events import emit_participant_changes
from store.journey_moves import Moved, write_moves
from store.journey_slices import Due, Slice
from store.journeys import get_journey
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
    """Into the published versions of journeys that are enabled."""
    wanted = list(_of_kind(walked, EnrollingElsewhere))
    versions: dict[str, str] = {}
    for journey_id in {effect.journey_id for _, effect in wanted}:
        journey = await get_journey(session, slice_.program.id, journey_id)
        if journey is not None and journey.is_enabled and journey.published_hash is not None:
            versions[journey_id] = journey.published_hash
    await enroll(
        session,
        [
            Entry(
                key=f"{effect.journey_id}:{BY_JOURNEY}{due.enrollment_id}:{effect.block_id}:{due.pass_number}",
                journey_id=effect.journey_id,
                program_id=slice_.program.id,
                participant_id=due.person["id"],
                content_hash=versions[effect.journey_id],
                entered_at=now,
                trigger_event_id=due.trigger_event_id,
            )
            for due, effect in wanted
            if effect.journey_id in versions
        ],
    )


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
        await emit_participant_changes(session, slice_.program.id, changes, source)


def _of_kind(walked: Sequence[tuple[Due, Walked]], kind: type[Kind]) -> Iterator[tuple[Due, Kind]]:
    for due, one in walked:
        for effect in one.effects:
            if isinstance(effect, kind):
                yield due, effect
