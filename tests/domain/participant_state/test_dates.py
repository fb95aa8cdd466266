from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.participant_state import Person, SubscriptionStatus, follow, subscribe
from domain.schedules import DstPolicy, Gap, Overlap, validate_timezone

from .rhythms import DAY, HOUR, SECOND, at, born, dated, fires, subscribed, zones

MORNING = at("2026-06-01T12:00Z")


def next_for(value: object, now: datetime = MORNING, zone: str = "UTC", **document: Any) -> datetime | None:
    return subscribed(dated(zone, **document), born(value), now).next_trigger_at


def test_a_birthday_is_kept_every_year_at_nine_by_the_participants_clock() -> None:
    person = born("1990-06-15", "Europe/Madrid")
    assert fires(dated("America/New_York"), person, MORNING, 3) == [
        at("2026-06-15T07:00Z"),
        at("2027-06-15T07:00Z"),
        at("2028-06-15T07:00Z"),
    ]


@pytest.mark.parametrize("unusable", [None, "", "Mars/Olympus", "europe/madrid", "../UTC"])
def test_who_has_no_valid_zone_keeps_the_automations(unusable: str | None) -> None:
    standing = subscribed(dated("Asia/Kathmandu"), born("1990-06-15", unusable), MORNING)
    assert standing.next_trigger_at == at("2026-06-15T03:15Z")


def test_an_offset_in_days_moves_the_day_and_one_in_hours_the_instant() -> None:
    assert next_for("1990-06-15", offset_days=-7, time_of_day="18:30") == at("2026-06-08T18:30Z")
    # The clock goes back in the night to 25 October: five hours later it shows four hours more.
    assert next_for("1990-10-25", zone="Europe/Madrid", time_of_day="00:30", offset_hours=5) == at(
        "2026-10-25T03:30Z"
    )


def test_an_offset_reaches_into_the_year_before_and_after() -> None:
    assert next_for("1990-01-03", at("2026-12-20T00:00Z"), offset_days=-7) == at("2026-12-27T09:00Z")
    assert next_for("1990-12-30", at("2027-01-01T00:00Z"), offset_days=7) == at("2027-01-06T09:00Z")


def test_new_years_eve_is_kept_where_it_is_still_that_day() -> None:
    assert next_for("1990-12-31", at("2027-01-01T02:00Z"), "Pacific/Honolulu", time_of_day="18:00") == at(
        "2027-01-01T04:00Z"
    )
    assert next_for("1990-01-01", at("2026-12-31T02:00Z"), "Pacific/Kiritimati") == at("2026-12-31T19:00Z")


def test_a_29_february_is_kept_on_the_day_chosen_for_common_years() -> None:
    days = [
        [instant.date() for instant in fires(dated(**choice), born("2000-02-29"), at("2026-01-01T00:00Z"), 3)]
        for choice in ({}, {"feb_29": "mar_1"})
    ]
    assert days == [
        [date(2026, 2, 28), date(2027, 2, 28), date(2028, 2, 29)],
        [date(2026, 3, 1), date(2027, 3, 1), date(2028, 2, 29)],
    ]


def test_a_date_to_come_is_not_kept_before_its_own_year() -> None:
    assert next_for("2030-06-15") == at("2030-06-15T09:00Z")
    assert next_for("2200-06-15", offset_days=-366) == at("2199-06-14T09:00Z")


@pytest.mark.parametrize("value", ["--06-15", "06-15"])
def test_a_day_without_a_year_is_an_anniversary(value: str) -> None:
    assert next_for(value) == at("2026-06-15T09:00Z")
    standing = subscribed(dated(recurrence="once"), born(value), MORNING)
    assert standing.status is SubscriptionStatus.FAILED


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1990-06-15T18:30", "2026-06-15T16:30Z"),
        ("1990-06-15 18:30:15", "2026-06-15T16:30:15Z"),
        ("1990-06-15T16:30:00Z", "2026-06-15T16:30Z"),
        ("1990-06-15T12:30-04:00", "2026-06-15T16:30Z"),
        (645467400, "2026-06-15T16:30Z"),
        (645467400.5, "2026-06-15T16:30:00.5Z"),
        (-1, "2026-12-31T23:59:59Z"),
    ],
)
def test_a_time_is_kept_by_the_participants_clock(value: object, expected: str) -> None:
    assert next_for(value, zone="Europe/Madrid") == at(expected)


def test_a_time_of_day_overrides_the_time_of_the_value() -> None:
    assert next_for("1990-06-15T22:30:00Z", zone="Europe/Madrid", time_of_day="08:00") == at(
        "2026-06-16T06:00Z"
    )


@pytest.mark.parametrize("value", ["2026-10-25T01:30:00Z", "2026-10-25T02:30+01:00", 1792891800])
def test_an_exact_instant_is_kept_exactly_even_where_the_clock_shows_it_twice(value: object) -> None:
    assert next_for(value, zone="Europe/Madrid", recurrence="once") == at("2026-10-25T01:30Z")


def test_once_is_only_the_date_itself() -> None:
    assert fires(dated(recurrence="once"), born("2026-06-15"), MORNING, 5) == [at("2026-06-15T09:00Z")]


def test_a_single_date_that_is_past_when_first_seen_sends_nothing() -> None:
    standing = subscribed(dated(recurrence="once"), born("2026-05-31"), MORNING)
    assert (standing.status, standing.next_trigger_at, standing.trigger_count) == ("completed", None, 0)


NO_DATES: list[object] = [
    0,
    0.0,
    False,
    True,
    "",
    "soon",
    "2026-02-30",
    "2026-13-01",
    "02-30",
    "20260615",
    "2026-W24-1",
    "2026-6-5",
    " 2026-06-15",
    "2026-06-15T25:00",
    "0001-01-01",
    "9999-12-31T23:59:59Z",
    1.7e12,
    -1e30,
    10**30,
    [],
    {"year": 1990},
    "٢٠٢٦-٠٦-١٥",
]


@pytest.mark.parametrize("value", NO_DATES)
def test_what_is_no_date_fails_and_says_what_was_expected_but_not_the_value(value: object) -> None:
    standing = subscribed(dated(), born(value), MORNING)
    assert standing.status is SubscriptionStatus.FAILED
    assert standing.next_trigger_at is None
    assert standing.last_error == (
        'attribute "birthday" is no date: expected YYYY-MM-DD, an ISO date and time, '
        "or seconds since 1970 as a number, or MM-DD"
    )


@pytest.mark.parametrize("person", [born(None), Person({}, {})])
def test_without_the_attribute_nobody_is_subscribed(person: Person) -> None:
    assert subscribe(dated(), person, None, None, MORNING) is None
    held = subscribed(dated(), born("1990-06-15"), MORNING)
    assert follow(dated(), held, person, MORNING).status is SubscriptionStatus.CANCELLED


def test_a_mended_date_is_planned_and_a_broken_one_fails() -> None:
    held = subscribed(dated(), born("1990-06-15"), MORNING)
    broken = follow(dated(), held, born("x"), MORNING)
    assert (broken.status, broken.next_trigger_at) == ("failed", None)
    assert follow(dated(), broken, born("1990-06-15"), MORNING) == held


def test_a_birthday_in_a_gap_of_the_clock_moves_after_it_or_is_left_out() -> None:
    apia = {"zone": "Pacific/Apia", "now": at("2011-12-01T00:00Z")}
    assert next_for("1990-12-30", **apia) == at("2011-12-30T10:00Z")
    skipping = dated("Pacific/Apia", DstPolicy(gap=Gap.SKIP))
    standing = subscribed(skipping, born("1990-12-30"), at("2011-12-01T00:00Z"))
    assert standing.next_trigger_at == at("2012-12-29T19:00Z")


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [
        (Overlap.FIRST, "2026-10-25T00:30Z"),
        (Overlap.SECOND, "2026-10-25T01:30Z"),
        (Overlap.BOTH, "2026-10-25T00:30Z"),
    ],
)
def test_a_birthday_at_an_hour_that_comes_twice_is_kept_once(overlap: Overlap, expected: str) -> None:
    of = dated("Europe/Madrid", DstPolicy(overlap=overlap), time_of_day="02:30")
    found = fires(of, born("1990-10-25"), MORNING, 2)
    assert found[0] == at(expected)
    assert found[1].year == 2027


policies = st.builds(DstPolicy, gap=st.just(Gap.SHIFT), overlap=st.sampled_from(Overlap))
births = st.dates(date(1850, 1, 1), date(2020, 12, 31))
times_of_day = st.times().map(lambda at: f"{at:%H:%M}")
nows = st.datetimes(datetime(2021, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=300, deadline=None)
@given(births, times_of_day, zones, policies, nows, st.sampled_from(["feb_28", "mar_1"]))
def test_a_birthday_is_kept_exactly_once_in_each_local_year(
    birth: date, time_of_day: str, zone: str, policy: DstPolicy, now: datetime, feb_29: str
) -> None:
    of = dated(zone, policy, time_of_day=time_of_day, feb_29=feb_29)
    local = [instant.astimezone(validate_timezone(zone)) for instant in fires(of, born(f"{birth}"), now, 9)]
    first = now.astimezone(validate_timezone(zone)).year
    assert [moment.year for moment in local] in (
        list(range(first, first + 9)),
        list(range(first + 1, first + 10)),
    )
    for moment in local:
        leap = moment.year % 4 == 0
        exists = (birth.month, birth.day) != (2, 29) or leap
        kept = (birth.month, birth.day) if exists else {"feb_28": (2, 28), "mar_1": (3, 1)}[feb_29]
        assert (moment.month, moment.day) == kept
        # A gap of the clock is the only reason for another time than the one asked for.
        assert f"{moment:%H:%M}" >= time_of_day


@settings(max_examples=300, deadline=None)
@given(
    births,
    st.integers(-366, 366),
    st.integers(-8_784, 8_784),
    zones,
    st.builds(DstPolicy, gap=st.sampled_from(Gap), overlap=st.sampled_from(Overlap)),
    nows,
)
def test_the_instants_rise_and_none_is_left_out_whatever_the_offsets(
    birth: date, days: int, hours: int, zone: str, policy: DstPolicy, now: datetime
) -> None:
    of = dated(zone, policy, offset_days=days, offset_hours=hours)
    found = fires(of, born(f"{birth}"), now, 6)
    assert len(found) == 6
    assert found[0] > now
    # A year apart, and two where the clock skips the instant altogether.
    assert all(360 * DAY < later - earlier < 735 * DAY for earlier, later in pairwise(found))
    if policy.gap is Gap.SHIFT:
        assert all(later - earlier < 370 * DAY for earlier, later in pairwise(found))
        assert found[0] - now < 370 * DAY
    assert subscribed(of, born(f"{birth}"), found[0] - SECOND).next_trigger_at == found[0]


@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), zones)  # noqa: DTZ001
def test_an_instant_in_seconds_or_as_text_is_kept_to_the_microsecond(instant: datetime, zone: str) -> None:
    of, before = dated(zone, recurrence="once"), instant - timedelta(days=3)
    for value in (instant.isoformat(), instant.isoformat().replace("+00:00", "Z")):
        assert subscribed(of, born(value), before).next_trigger_at == instant
    whole = instant.replace(microsecond=0)
    assert subscribed(of, born(int(whole.timestamp())), before).next_trigger_at == whole
    shifted = dated(zone, recurrence="once", offset_hours=-1)
    assert subscribed(shifted, born(instant.isoformat()), before).next_trigger_at == instant - HOUR
