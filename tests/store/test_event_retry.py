"""What was given up goes back into the queue, and nothing else does."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.events import EventStatus
from store.database import Database
from store.event_retry import NotFailedError, retry_event
from store.event_signal import listening
from store.received_events import lock_event
from tests.store.rule_history import NOON, add_event

TOMORROW = NOON + timedelta(days=1)


async def retry(database: Database, event_id: UUID) -> None:
    async with database.transaction() as session:
        event = await lock_event(session, event_id)
        assert event is not None
        await retry_event(session, event, TOMORROW)


async def test_a_failed_event_is_as_if_it_had_just_arrived_but_for_its_place(
    database: Database, database_url: str, program_id: UUID
) -> None:
    event = await add_event(
        database, program_id, status="FAILED", attempts=6, error="TypeError", processed_at=NOON
    )
    await retry(database, event.id)
    async with database.transaction() as session:
        again = await lock_event(session, event.id)
    assert again is not None
    assert (again.status, again.attempts, again.error, again.processed_at) == ("RECEIVED", 0, None, None)
    assert (again.available_at, again.created_at, again.seq) == (TOMORROW, event.created_at, again.seq)


async def test_whoever_waits_for_events_is_told_of_it(
    database: Database, database_url: str, program_id: UUID
) -> None:
    event = await add_event(database, program_id, status="FAILED")
    async with listening(database_url) as signal:
        await retry(database, event.id)
        # The signal has come already: an hour is not waited.
        await signal.wait(3_600)


@pytest.mark.parametrize("status", [status for status in EventStatus if status is not EventStatus.FAILED])
async def test_no_other_event_can_be_retried(
    database: Database, program_id: UUID, status: EventStatus
) -> None:
    event = await add_event(database, program_id, status=status.value, attempts=2)
    with pytest.raises(NotFailedError):
        await retry(database, event.id)
    async with database.transaction() as session:
        untouched = await lock_event(session, event.id)
    assert untouched is not None
    assert (untouched.status, untouched.attempts) == (status.value, 2)
