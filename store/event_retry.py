"""Putting an event that was given up back into the queue."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.events import EventStatus
from store.event_queue import CHANNEL
from store.tables import Event


class NotFailedError(Exception):
    """Only what was given up can be retried."""


async def retry_event(session: AsyncSession, event: Event, now: datetime) -> None:
    """As if it had just arrived, in its old place among the events of its subject. The event is locked.

    Raises NotFailedError.
    """
    if event.status != EventStatus.FAILED.value:
        raise NotFailedError
    event.status = EventStatus.RECEIVED.value
    event.error = event.processed_at = None
    event.attempts = 0
    event.available_at = now
    await session.execute(select(func.pg_notify(CHANNEL, "")))
