from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from channels.channel import DeliveryStatus
from channels.http_delivery import LONGEST_PAUSE, delivery_of_status, retry_after


def pause(said: str) -> timedelta | None:
    return retry_after(httpx.Response(429, headers={"Retry-After": said}))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("0", timedelta(0)),
        ("7", timedelta(seconds=7)),
        ("99999999999", LONGEST_PAUSE),
        ("soon", None),
        ("-7", None),
        ("", None),
        ("Sat, 01 Jan 2000 00:00:00 GMT", timedelta(0)),
        ("Sat, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)
def test_a_pause_is_seconds_or_a_date_and_never_endless(said: str, meant: timedelta | None) -> None:
    assert pause(said) == meant


def test_a_pause_may_last_until_an_instant() -> None:
    meant = pause(format_datetime(datetime.now(UTC) + timedelta(minutes=2)))
    assert meant is not None
    assert timedelta(seconds=110) < meant <= timedelta(minutes=2)


def test_only_a_refusal_to_work_now_counts_as_not_tried_and_only_other_faults_tell_nothing() -> None:
    answers = {status: delivery_of_status(status, None) for status in range(100, 600)}
    said = {status: answer for status, answer in answers.items() if answer is not None}
    not_tried = {status for status, answer in said.items() if answer.status is DeliveryStatus.NOT_TRIED}
    assert not_tried == {401, 403, 408, 429, 503}
    assert all(said[status].retry_after is not None for status in not_tried)
    unknown = {status for status, answer in said.items() if answer.status is DeliveryStatus.UNKNOWN}
    assert unknown == set(range(500, 600)) - {503}
    assert len(said) == len(not_tried | unknown)
