from domain.events import EventStatus
from domain.queue_status import STORED_AS, QueueStatus


def test_every_stored_status_is_shown_as_just_one() -> None:
    stored = [status for statuses in STORED_AS.values() for status in statuses]
    assert sorted(stored) == sorted(EventStatus)
    assert set(STORED_AS) == set(QueueStatus)


def test_what_waits_to_be_tried_again_is_pending_like_what_was_never_tried() -> None:
    assert set(STORED_AS[QueueStatus.PENDING]) == {EventStatus.RECEIVED, EventStatus.PENDING}
