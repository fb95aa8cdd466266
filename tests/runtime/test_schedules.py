"""What Temporal is told about an automation's clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio.api.schedule.v1 import ScheduleSpec as SpecOnTheWire
from temporalio.client import ScheduleCalendarSpec, ScheduleRange, ScheduleSpec

from runtime.schedules import Timing, build_spec
from tests.domain.schedules.expressions import expressions

UNTIMED = Timing(
    automation_id=UUID(int=1),
    program_id=UUID(int=2),
    timezone="Europe/Madrid",
    cron_expression=None,
    trigger_at=None,
    jitter=timedelta(0),
    paused=False,
    catch_up_within=timedelta(hours=1),
)


def timing(**fields: Any) -> Timing:
    return replace(UNTIMED, **fields)


def values(ranges: Any) -> list[int]:
    return [
        value for part in ranges for value in range(part.start, max(part.end, part.start) + 1, part.step or 1)
    ]


def instant_of(spec: ScheduleSpec) -> datetime:
    (calendar,) = spec.calendars
    fields = (
        calendar.year,
        calendar.month,
        calendar.day_of_month,
        calendar.hour,
        calendar.minute,
        calendar.second,
    )
    (year,), (month,), (day,), (hour,), (minute,), (second,) = (values(field) for field in fields)
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def on_the_wire(spec: ScheduleSpec) -> SpecOnTheWire:
    return spec._to_proto()


def test_a_cron_becomes_calendars_in_the_zone_of_the_automation() -> None:
    spec = build_spec(timing(cron_expression="*/20 9-17 * * 1-5", jitter=timedelta(seconds=30)))
    assert spec.time_zone_name == "Europe/Madrid"
    assert spec.jitter == timedelta(seconds=30)
    (calendar,) = spec.calendars
    assert values(calendar.second) == [0]
    assert values(calendar.minute) == [0, 20, 40]
    assert values(calendar.hour) == list(range(9, 18))
    assert values(calendar.day_of_week) == [1, 2, 3, 4, 5]
    assert values(calendar.day_of_month) == list(range(1, 32))
    assert values(calendar.month) == list(range(1, 13))
    assert values(calendar.year) == []


@given(expressions)
def test_no_cron_text_ever_reaches_temporal(text: str) -> None:
    try:
        spec = build_spec(timing(cron_expression=text))
    except ValueError:
        return
    assert spec.calendars
    assert not spec.cron_expressions
    assert not spec.intervals
    assert list(on_the_wire(spec).cron_string) == []


def test_day_of_month_or_day_of_week_becomes_a_union() -> None:
    days, weekdays = build_spec(timing(cron_expression="0 9 13 * 5")).calendars
    assert {(len(values(part.day_of_month)), len(values(part.day_of_week))) for part in (days, weekdays)} == {
        (1, 7),
        (31, 1),
    }


def test_the_last_day_of_february_keeps_its_years() -> None:
    calendars = build_spec(timing(cron_expression="0 9 L 2 *")).calendars
    by_day = {values(calendar.day_of_month)[0]: values(calendar.year) for calendar in calendars}
    assert set(by_day) == {28, 29}
    assert {2028, 2032} <= set(by_day[29])
    assert 2028 not in by_day[28]
    assert 2027 in by_day[28]
    assert set(by_day[28]).isdisjoint(by_day[29])


def test_a_one_time_automation_fires_at_its_second_in_utc() -> None:
    spec = build_spec(timing(trigger_at=datetime(2027, 3, 1, 9, 30, 15, tzinfo=UTC)))
    assert spec.time_zone_name == "UTC"
    assert instant_of(spec) == datetime(2027, 3, 1, 9, 30, 15, tzinfo=UTC)
    assert spec.calendars == [
        ScheduleCalendarSpec(
            second=[ScheduleRange(15)],
            minute=[ScheduleRange(30)],
            hour=[ScheduleRange(9)],
            day_of_month=[ScheduleRange(1)],
            month=[ScheduleRange(3)],
            year=[ScheduleRange(2027)],
        )
    ]


@pytest.mark.parametrize(
    ("trigger_at", "fires"),
    [
        ("2027-03-01T09:30:15.000001+00:00", "2027-03-01T09:30:16+00:00"),
        ("2027-03-01T09:30:15.999999+00:00", "2027-03-01T09:30:16+00:00"),
        ("2027-12-31T23:59:59.500000+00:00", "2028-01-01T00:00:00+00:00"),
        ("2028-02-28T23:59:59.500000+00:00", "2028-02-29T00:00:00+00:00"),
    ],
)
def test_microseconds_round_up(trigger_at: str, fires: str) -> None:
    spec = build_spec(timing(trigger_at=datetime.fromisoformat(trigger_at)))
    assert instant_of(spec) == datetime.fromisoformat(fires)


offsets = st.timezones().filter(lambda zone: zone is not None)


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 31), timezones=offsets | st.just(UTC)))  # noqa: DTZ001
def test_a_one_time_automation_never_fires_early_nor_a_second_late(trigger_at: datetime) -> None:
    fires = instant_of(build_spec(timing(trigger_at=trigger_at)))
    assert timedelta(0) <= fires - trigger_at.astimezone(UTC) < timedelta(seconds=1)
