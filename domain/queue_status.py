"""How far an event has come, as the rules surface shows it."""

from collections.abc import Mapping
from enum import StrEnum

from domain.events import EventStatus


class QueueStatus(StrEnum):
    """`pending`: in the queue, tried or not. `failed`: given up until somebody retries it."""

    PENDING = "pending"
    PROCESSING = "processing"
    PROCESSED = "processed"
    FAILED = "failed"


STORED_AS: Mapping[QueueStatus, tuple[EventStatus, ...]] = {
    QueueStatus.PENDING: (EventStatus.RECEIVED, EventStatus.PENDING),
    QueueStatus.PROCESSING: (EventStatus.PROCESSING,),
    QueueStatus.PROCESSED: (EventStatus.COMPLETED,),
    QueueStatus.FAILED: (EventStatus.FAILED,),
}
