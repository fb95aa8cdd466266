"""Adding to a participant's counters, by request and by events."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.counters import CounterError, add_to_counter, as_decimal
from domain.events import event_source
from domain.program_settings import SettingError, event_counters
from store.participants import Lock, Upserted, change_participant, get_participant
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


async def count_event(session: AsyncSession, program: Program, event: Event) -> Upserted | None:
    """Add a stored event to the counters that its program keeps of its type; to be called once for each event.

    An event never fails by it: a counter that cannot be changed stays as it is. None when nothing changes.
    """
    changes = _changes(program, event)
    if event.participant_id is None or not changes:
        return None
    participant = await get_participant(session, program.id, event.participant_id, Lock.AGAINST_CHANGE)
    if participant is None:
        return None
    counters = participant.counters
    for name, change in changes.items():
        try:
            counters = add_to_counter(counters, name, change)
        except CounterError:
            continue
    if counters == participant.counters:
        return None
    return await change_participant(
        session, program, participant, {"counters": counters}, source=event_source(event.type)
    )


def _changes(program: Program, event: Event) -> dict[str, Decimal]:
    try:
        rules = event_counters(program.settings)
    except SettingError:
        # Settings of a program that is older than this setting were stored unchecked.
        return {}
    changes: dict[str, Decimal] = {}
    for rule in rules:
        if rule.event_type == event.type:
            change = Decimal(1) if rule.add is None else as_decimal(event.event_data.get(rule.add))
            if change is not None:
                changes[rule.counter] = change
    return changes
