"""Adding to a participant's counters, by request and by events."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.counters import CounterError, add_to_counter, as_decimal
from domain.events import event_source
from domain.program_settings import EventCounter, SettingError, event_counters
from store.generated_events import emit_participant_changes
from store.participant_states import change_states
from store.participants import Lock, Upserted, change_participant, get_participant
from store.rule_subjects import participants_of
from store.subscription_follow import ParticipantChange
from store.tables import Event, Program


async def add_to_counters(
    session: AsyncSession, program: Program, participant_id: UUID, changes: Mapping[str, Decimal]
) -> Upserted | None:
    """Add each number to the counter of its name, or none of them. None when there is no such participant.

    Raises CounterError.
    """
    participant = await get_participant(session, program.id, participant_id, Lock.AGAINST_CHANGE)
    if participant is None:
        return None
    counters = participant.counters
    for name, change in changes.items():
        counters = add_to_counter(counters, name, change)
    return await change_participant(session, program, participant, {"counters": counters})


async def count_events(
    session: AsyncSession, program: Program, events: Sequence[Event], now: datetime
) -> None:
    """Add stored events to the counters that their program keeps of their types; to be called once for each event.

    An event never fails by it: a counter that cannot be changed stays as it is. The events of one type are counted
    together, the types one after the other.
    """
    counting = _counting(program, events)
    wanted = {participant_id for changes in counting.values() for participant_id, _ in changes}
    # All of them at once and in one order, so that two requests about the same people do not deadlock.
    people = await participants_of(session, wanted, with_segments=False, lock=True)
    for event_type, changes in counting.items():
        before = dict(people)
        for participant_id, change in changes:
            if participant_id in people:
                counters = _added(people[participant_id]["counters"], change)
                people[participant_id] = {**people[participant_id], "counters": counters}
        changed = [
            ParticipantChange(before[one], people[one])
            for one in sorted(people)
            if before[one] != people[one]
        ]
        if changed:
            source = event_source(event_type)
            sources = {change.after["id"]: source for change in changed}
            await change_states(session, program, changed, sources, now)
            await emit_participant_changes(session, program.id, changed, source)


def _added(counters: Mapping[str, Any], changes: Mapping[str, Decimal]) -> dict[str, Any]:
    sums = dict(counters)
    for name, change in changes.items():
        try:
            sums = add_to_counter(sums, name, change)
        except CounterError:
            continue
    return sums


def _counting(program: Program, events: Sequence[Event]) -> dict[str, list[tuple[UUID, dict[str, Decimal]]]]:
    """What each event adds to whose counters, by type of event; without those that add nothing to anybody's."""
    try:
        rules = event_counters(program.settings)
    except SettingError:
        # Settings of a program that is older than this setting were stored unchecked.
        return {}
    counting: dict[str, list[tuple[UUID, dict[str, Decimal]]]] = {}
    for event in events if rules else ():
        changes = _changes(rules, event)
        if event.participant_id is not None and changes:
            counting.setdefault(event.type, []).append((event.participant_id, changes))
    return counting


def _changes(rules: Sequence[EventCounter], event: Event) -> dict[str, Decimal]:
    changes: dict[str, Decimal] = {}
    for rule in rules:
        if rule.event_type == event.type:
            change = Decimal(1) if rule.add is None else as_decimal(event.event_data.get(rule.add))
            if change is not None:
                changes[rule.counter] = change
    return changes
