"""Quiet hours: over midnight, and where clocks are changed."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.schedules import validate_timezone
from domain.send_gates.quiet_hours import end_of_quiet
from domain.send_gates.rules import QuietHours

NIGHT = QuietHours(start="21:00", end="08:00")
ZONES = (
    "UTC",
    "Europe/Madrid",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Santiago",
)
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
# A year in which Europe and America change their clocks, in steps that do not fall on whole hours.
INSTANTS = st.integers(0, 366 * 24 * 60).map(
    lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)


def end(quiet: QuietHours, zone: str, now: str) -> str | None:
    over = end_of_quiet(quiet, validate_timezone(zone), datetime.fromisoformat(now).astimezone(UTC))
    return None if over is None else over.astimezone(UTC).isoformat(timespec="minutes")[:16]


@pytest.mark.parametrize(
    ("now", "over"),
    [
        ("2026-06-01T20:59+00:00", None),
        ("2026-06-01T21:00+00:00", "2026-06-02T08:00"),
        ("2026-06-02T00:00+00:00", "2026-06-02T08:00"),
        ("2026-06-02T07:59+00:00", "2026-06-02T08:00"),
        ("2026-06-02T08:00+00:00", None),
    ],
)
def test_a_night_ends_in_the_morning(now: str, over: str | None) -> None:
    assert end(NIGHT, "UTC", now) == over


@pytest.mark.parametrize(
    ("hours", "now", "over"),
    [
        # 02:00 becomes 03:00 at 01:00 UTC: the end is skipped, and so is reached with the jump.
        (("01:00", "02:30"), "2026-03-29T00:30+00:00", "2026-03-29T01:00"),
        # 03:00 becomes 02:00 at 01:00 UTC: 02:30 comes at 00:30 and at 01:30 UTC, and either ends what it follows.
        (("01:00", "02:30"), "2026-10-25T00:10+00:00", "2026-10-25T00:30"),
        (("01:00", "02:30"), "2026-10-25T00:45+00:00", None),
        (("01:00", "02:30"), "2026-10-25T01:10+00:00", "2026-10-25T01:30"),
        # All that is not quiet is skipped, so that there is nothing but quiet until the next day.
        (("03:00", "02:00"), "2026-03-29T00:30+00:00", "2026-03-30T00:00"),
    ],
)
def test_clocks_that_are_changed_are_followed(hours: tuple[str, str], now: str, over: str | None) -> None:
    assert end(QuietHours(start=hours[0], end=hours[1]), "Europe/Madrid", now) == over


@settings(max_examples=100)
@given(MINUTES, MINUTES, st.sampled_from(ZONES), INSTANTS)
def test_quiet_is_what_the_clock_says_and_lasts_to_the_first_minute_that_is_not(
    start: str, stop: str, zone_name: str, now: datetime
) -> None:
    if start == stop:
        return
    zone = validate_timezone(zone_name)

    def is_quiet(at: datetime) -> bool:
        clock = at.astimezone(zone).time()
        begin, finish = time.fromisoformat(start), time.fromisoformat(stop)
        return begin <= clock < finish if begin < finish else not finish <= clock < begin

    expected = None
    if is_quiet(now):
        expected = now + timedelta(minutes=1)
        while is_quiet(expected):
            expected += timedelta(minutes=1)
    assert end_of_quiet(QuietHours(start=start, end=stop), zone, now) == expected
