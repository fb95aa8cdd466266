from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from domain.rules.schedule_settings import DateRange, ScheduleSettings, Weekday, WeeklyWindow

from .schedules import schedule, schedules_and_spans

MORNING = {"start": "09:00", "end": "12:00"}
START = "2026-06-01T00:00:00Z"
NO_START = "is not a time of day; expected HH:MM, from 00:00 to 23:59"
NO_END = "is not a time of day; expected HH:MM, from 00:00 to 24:00"
NO_DATE = "is not a date; expected YYYY-MM-DD, such as 2026-12-24"
NO_INSTANT = "is not a date and time; expected RFC 3339, such as 2026-12-01T09:00:00Z"


def window(**changes: Any) -> dict[str, Any]:
    return {"windows": [MORNING | changes]}


def first_problem(document: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        ScheduleSettings.model_validate(document)
    problem = caught.value.errors()[0]
    return ".".join(str(part) for part in problem["loc"]), problem["msg"].removeprefix("Value error, ")


def test_a_schedule_that_says_nothing_is_all_the_time_in_utc() -> None:
    of = schedule()
    assert (of.timezone, of.windows, of.start_at, of.end_at, of.blackout_dates) == ("UTC", (), None, None, ())


def test_a_schedule_is_read_as_stated() -> None:
    of = schedule(
        timezone="Europe/Madrid",
        windows=[{"days": ["monday", "sunday"], "start": "22:00", "end": "24:00"}],
        start_at="2026-06-01T00:00:00+02:00",
        end_at="2026-07-01T00:00:00Z",
        blackout_dates=["2026-06-24", {"from": "2026-06-28", "to": "2026-06-28"}],
    )
    assert of.windows == (WeeklyWindow(days=(Weekday.MONDAY, Weekday.SUNDAY), start="22:00", end="24:00"),)
    assert of.start_at == datetime(2026, 6, 1, tzinfo=timezone(timedelta(hours=2)))
    assert of.end_at == datetime(2026, 7, 1, tzinfo=UTC)
    assert of.blackouts == [(date(2026, 6, 24), date(2026, 6, 24)), (date(2026, 6, 28), date(2026, 6, 28))]


@settings(max_examples=100, deadline=None)
@given(schedules_and_spans())
def test_a_schedule_that_was_stored_is_the_same_when_it_is_read_again(
    case: tuple[ScheduleSettings, datetime, datetime],
) -> None:
    stored = case[0].model_dump(mode="json")
    assert ScheduleSettings.model_validate(stored) == case[0]
    assert ScheduleSettings.model_validate(stored).model_dump(mode="json") == stored


def test_a_range_of_dates_is_shown_by_the_names_it_was_given_with() -> None:
    given_range = {"from": "2026-12-24", "to": "2027-01-06"}
    assert schedule(blackout_dates=[given_range]).model_dump(mode="json")["blackout_dates"] == [given_range]
    assert DateRange.model_validate(given_range).model_dump(mode="json") == given_range


@pytest.mark.parametrize(
    ("document", "field", "reason"),
    [
        ({"windows": [MORNING] * 51}, "windows", "at most 50"),
        ({"blackout_dates": ["2026-12-24"] * 367}, "blackout_dates", "at most 366"),
        ({"blackout": []}, "blackout", "Extra inputs"),
        ({"timezone": "Madrid"}, "timezone", "expected a name such as"),
        ({"timezone": "europe/madrid"}, "timezone", "'Europe/Madrid'"),
        ({"timezone": "\ud800"}, "timezone", "not an IANA time zone name"),
        ({"timezone": None}, "timezone", "valid string"),
        (window(start="24:00"), "windows.0.start", NO_START),
        (window(start="9:00"), "windows.0.start", NO_START),
        (window(start="09:00\n"), "windows.0.start", NO_START),
        (window(start="٠٩:٠٠"), "windows.0.start", NO_START),
        (window(start=9), "windows.0.start", "valid string"),
        (window(end="24:01"), "windows.0.end", NO_END),
        (window(end="12:60"), "windows.0.end", NO_END),
        (window(end="12:00:00"), "windows.0.end", NO_END),
        (window(days=["mon"]), "windows.0.days.0", "'monday', 'tuesday'"),
        (
            window(days=["monday", "friday", "monday"]),
            "windows.0.days",
            "monday is there twice; expected each day once",
        ),
        (window(day="monday"), "windows.0.day", "Extra inputs"),
        ({"windows": [{"start": "09:00"}]}, "windows.0.end", "Field required"),
        ({"start_at": "2026-06-01T00:00:00"}, "start_at", "has no offset; expected RFC 3339"),
        ({"start_at": "2026-06-01"}, "start_at", NO_INSTANT),
        ({"start_at": 1_780_000_000}, "start_at", NO_INSTANT),
        ({"end_at": "1780000000"}, "end_at", NO_INSTANT),
        (
            {"start_at": START, "end_at": START},
            "end_at",
            "is not after start_at; expected an instant after 2026-06-01",
        ),
        ({"start_at": START, "end_at": "2026-06-01T01:00:00+02:00"}, "end_at", "is not after start_at"),
        ({"blackout_dates": ["24.12.2026"]}, "blackout_dates.0.date", NO_DATE),
        ({"blackout_dates": ["20261224"]}, "blackout_dates.0.date", NO_DATE),
        ({"blackout_dates": ["2026-12-24T00:00:00"]}, "blackout_dates.0.date", NO_DATE),
        ({"blackout_dates": [20_000]}, "blackout_dates.0.date", NO_DATE),
        ({"blackout_dates": [None]}, "blackout_dates.0.date", NO_DATE),
        ({"blackout_dates": ["2027-02-29"]}, "blackout_dates.0.date", "2027-02-29 is on no calendar"),
        (
            {"blackout_dates": [{"from": "2026-12-24", "to": "2026-12-23"}]},
            "blackout_dates.0.range.to",
            "2026-12-23 is before 2026-12-24; expected 2026-12-24 or later",
        ),
        ({"blackout_dates": [{"from": "2026-12-24"}]}, "blackout_dates.0.range.to", "Field required"),
        ({"blackout_dates": [{"first": "2026-12-24"}]}, "blackout_dates.0.range.from", "Field required"),
    ],
)
def test_what_cannot_be_a_schedule_is_refused_with_what_was_expected(
    document: dict[str, Any], field: str, reason: str
) -> None:
    at, said = first_problem(document)
    assert at == field
    assert reason in said


@pytest.mark.parametrize(
    "document",
    [{"windows": [MORNING] * 50}, {"blackout_dates": ["2026-12-24"] * 366}, window(days=list(Weekday))],
)
def test_a_schedule_may_reach_its_limits(document: dict[str, Any]) -> None:
    assert ScheduleSettings.model_validate(document)


def test_a_window_is_on_its_days_and_without_any_on_every_day() -> None:
    week = [date(2026, 6, 1) + timedelta(days=count) for count in range(7)]
    for day, weekday in zip(week, Weekday, strict=True):
        of = WeeklyWindow(days=(weekday,), start="09:00", end="12:00")
        assert [each for each in week if of.is_on(each)] == [day]
        assert WeeklyWindow(start="09:00", end="12:00").is_on(day)
