"""When a birthday sets a journey going."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.journeys.birthdays import birthday_instant, days_to_look_at, zone_of
from domain.journeys.triggers import birthday_shift
from tests.domain.journeys.samples import definition, filters

MADRID, KIRITIMATI = ZoneInfo("Europe/Madrid"), ZoneInfo("Pacific/Kiritimati")
NO_SHIFT = timedelta(0)
YEAR = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)


def in_2026(birthdate: object, zone: ZoneInfo = MADRID, shift: timedelta = NO_SHIFT) -> datetime | None:
    found = birthday_instant(birthdate, zone, shift, *YEAR)
    return None if found is None else found[1]


def test_it_begins_at_nine_in_the_participants_zone() -> None:
    assert in_2026("1990-07-14") == datetime(2026, 7, 14, 7, tzinfo=UTC)
    assert in_2026("1990-07-14", KIRITIMATI) == datetime(2026, 7, 13, 19, tzinfo=UTC)


@pytest.mark.parametrize("hours", [-24, 48, -1_000])
def test_a_shift_is_hours_of_sixty_minutes(hours: int) -> None:
    shift = timedelta(hours=hours)
    assert in_2026("1990-07-14", MADRID, shift) == datetime(2026, 7, 14, 7, tzinfo=UTC) + shift


def test_a_29_february_is_kept_on_the_28th_in_years_without_one() -> None:
    assert in_2026("2000-02-29") == datetime(2026, 2, 28, 8, tzinfo=UTC)
    leap = birthday_instant(
        "2000-02-29", MADRID, NO_SHIFT, datetime(2028, 1, 1, tzinfo=UTC), datetime(2028, 12, 1, tzinfo=UTC)
    )
    assert leap == (2028, datetime(2028, 2, 29, 8, tzinfo=UTC))


def test_a_shift_across_the_new_year_belongs_to_the_birthdays_year() -> None:
    found = birthday_instant(
        "1990-01-01",
        MADRID,
        timedelta(hours=-48),
        datetime(2026, 12, 20, tzinfo=UTC),
        datetime(2026, 12, 31, tzinfo=UTC),
    )
    assert found == (2027, datetime(2026, 12, 30, 8, tzinfo=UTC))


def test_nobody_has_a_birthday_before_they_are_born_or_without_a_date() -> None:
    assert in_2026("2027-07-14") is None
    assert in_2026("1990-07-14") is not None
    for no_date in (None, "", "soon", "1990-02-30", True, ["1990-07-14"]):
        assert in_2026(no_date) is None


@settings(max_examples=40, deadline=None)
@given(
    st.dates(min_value=date(1950, 1, 1), max_value=date(2020, 1, 1)),
    st.sampled_from(["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Madrid"]),
    st.integers(-2_000, 2_000),
    st.integers(0, 4 * 366 * 24),
    st.integers(20, 400),
)
def test_windows_that_follow_each_other_find_each_birthday_once_and_among_the_days_to_look_at(
    born: object, zone: str, hours: int, start_hour: int, step_hours: int
) -> None:
    shift = timedelta(hours=hours)
    at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(hours=start_hour)
    found = []
    for _ in range(24 * 366 * 2 // step_hours + 1):
        window = at, at + timedelta(hours=step_hours)
        hit = birthday_instant(str(born), ZoneInfo(zone), shift, *window)
        if hit is not None:
            found.append(hit)
            assert str(born)[5:] in days_to_look_at(shift, *window)
        at = window[1]
    years = [year for year, _ in found]
    assert len(found) in (2, 3)
    assert years == sorted(set(years))


def test_the_filter_of_a_birthday_is_its_shift() -> None:
    def shift_of(*groups: object) -> timedelta | None:
        return birthday_shift(definition("birthday", groups=list(groups)))

    assert shift_of() == timedelta(0)
    assert shift_of(filters(("birthdate", "eq", "-24h"))) == timedelta(hours=-24)
    assert shift_of(filters(("birthdate", "eq", "48h"))) == timedelta(hours=48)
    assert birthday_shift(definition("placed order")) is None


def test_an_unknown_zone_is_the_programs() -> None:
    assert zone_of("Asia/Tokyo", "Europe/Madrid").key == "Asia/Tokyo"
    assert zone_of(None, "Europe/Madrid").key == zone_of("Mars", "Europe/Madrid").key == "Europe/Madrid"
