from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cli.clock.oracle import HOUR, MINUTE, POLICIES, Clock, expected_fires, transitions, utc, watch_clock
from domain.schedules import (
    DstPolicy,
    Gap,
    Overlap,
    ScheduleError,
    is_occurrence,
    occurrences,
    parse_cron,
    timezone_names,
    validate_timezone,
)

from .expressions import expressions

DEFAULT = DstPolicy()
SKIP = DstPolicy(gap=Gap.SKIP)
FROM, UNTIL = utc(2025, 1, 1), utc(2036, 1, 1)
SAMPLED = (
    "America/New_York",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Asia/Jerusalem",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/Santiago",
    "America/Nuuk",
    "Antarctica/Troll",
    "Pacific/Chatham",
    "Asia/Kathmandu",
    "UTC",
)
PAST = (
    ("America/Sao_Paulo", utc(2017, 1, 1), utc(2020, 1, 1)),
    ("Pacific/Apia", utc(2010, 1, 1), utc(2013, 1, 1)),
    ("Pacific/Kwajalein", utc(1993, 8, 1), utc(1993, 9, 1)),
    ("America/Caracas", utc(2007, 12, 1), utc(2016, 6, 1)),
    ("Asia/Pyongyang", utc(2015, 8, 1), utc(2018, 6, 1)),
    ("Antarctica/Casey", utc(2018, 1, 1), utc(2021, 1, 1)),
)
EXPRESSIONS = ("*/30 * * * *", "0 0 * * *", "30 2 * * *", "15 1-3 * * *", "0 */2 * * *", "*/7 0-3 * * sun")


def fires(text: str, name: str, policy: DstPolicy, start: datetime, end: datetime) -> list[datetime]:
    zone = validate_timezone(name)
    return list(occurrences(parse_cron(text), zone, policy, start, end))


def clocks(zone: ZoneInfo, start: datetime, end: datetime, around: timedelta) -> Iterator[Clock]:
    for change in transitions(zone, start, end):
        yield watch_clock(zone, change - around, change + around)


def check(text: str, zone: ZoneInfo, clock: Clock) -> None:
    for policy in POLICIES:
        found = list(occurrences(parse_cron(text), zone, policy, clock[0][0], clock[-1][0]))
        assert found == expected_fires(text, clock, policy), (text, zone.key, policy, clock[0][0])


@pytest.mark.parametrize("name", SAMPLED)
def test_around_every_change_of_the_clock_the_instants_are_the_policys(name: str) -> None:
    zone = validate_timezone(name)
    for clock in clocks(zone, FROM, UNTIL, 5 * HOUR):
        for text in EXPRESSIONS:
            check(text, zone, clock)


@pytest.mark.parametrize(("name", "start", "end"), PAST)
def test_around_odd_changes_of_the_past_the_instants_are_the_policys(
    name: str, start: datetime, end: datetime
) -> None:
    zone = validate_timezone(name)
    for clock in clocks(zone, start, end, 30 * HOUR):
        for text in EXPRESSIONS:
            check(text, zone, clock)


CHANGES = [
    (zone, change)
    for zone in map(
        validate_timezone, ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Beirut")
    )
    for change in transitions(zone, utc(2026, 1, 1), utc(2027, 1, 1))
]


@settings(max_examples=40, deadline=None)
@given(expressions, st.sampled_from(CHANGES))
def test_random_expressions_follow_the_policy_around_a_change(
    text: str, at: tuple[ZoneInfo, datetime]
) -> None:
    zone, change = at
    everywhere = " ".join(text.split()[:2]) + " * * *"
    try:
        parse_cron(everywhere)
    except ScheduleError:
        assume(False)
    check(everywhere, zone, watch_clock(zone, change - 3 * HOUR, change + 3 * HOUR))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_in_every_zone_around_every_change_the_instants_are_the_policys() -> None:
    seen = set()
    for name in sorted(timezone_names()):
        zone = validate_timezone(name)
        changes = tuple(transitions(zone, FROM, UNTIL))
        offsets = tuple(change.astimezone(zone).utcoffset() for change in (FROM, *changes))
        if (changes, offsets) in seen:
            continue
        seen.add((changes, offsets))
        for change in changes:
            clock = watch_clock(zone, change - 5 * HOUR, change + 5 * HOUR)
            for text in EXPRESSIONS:
                check(text, zone, clock)
    assert len(seen) > 50


def test_in_a_gap_the_run_shifts_to_the_first_instant_after_it() -> None:
    day = utc(2026, 3, 8), utc(2026, 3, 9)
    assert fires("30 2 * * *", "America/New_York", DEFAULT, *day) == [utc(2026, 3, 8, 7)]
    assert fires("30 2 * * *", "America/New_York", SKIP, *day) == []


def test_all_the_runs_of_one_gap_are_one_run() -> None:
    hours = utc(2026, 3, 8, 6, 30), utc(2026, 3, 8, 7, 30)
    assert fires("*/5 2 * * *", "America/New_York", DEFAULT, *hours) == [utc(2026, 3, 8, 7)]


def test_a_run_shifted_onto_a_regular_one_is_not_doubled() -> None:
    morning = utc(2026, 3, 8, 6, 59), utc(2026, 3, 8, 8, 0)
    expected = [utc(2026, 3, 8, 7), utc(2026, 3, 8, 7, 30), utc(2026, 3, 8, 8)]
    assert fires("*/30 * * * *", "America/New_York", DEFAULT, *morning) == expected
    assert fires("*/30 * * * *", "America/New_York", SKIP, *morning) == expected


@pytest.mark.parametrize(
    ("name", "before", "shifted"),
    [
        ("Asia/Beirut", utc(2026, 3, 28, 12), utc(2026, 3, 28, 22)),
        ("America/Sao_Paulo", utc(2018, 11, 3, 12), utc(2018, 11, 4, 3)),
    ],
)
def test_a_midnight_that_does_not_exist_shifts_to_the_day_it_would_have_begun(
    name: str, before: datetime, shifted: datetime
) -> None:
    assert fires("0 0 * * *", name, DEFAULT, before, before + 23 * HOUR) == [shifted]
    assert fires("0 0 * * *", name, SKIP, before, before + 23 * HOUR) == []


def test_a_day_that_does_not_exist_shifts_to_the_midnight_after_it() -> None:
    missing_friday = "30 9 30 12 *"
    week = utc(2011, 12, 28), utc(2012, 1, 3)
    assert fires(missing_friday, "Pacific/Apia", DEFAULT, *week) == [utc(2011, 12, 30, 10)]
    assert fires(missing_friday, "Pacific/Apia", SKIP, *week) == []


def test_a_half_hour_gap_ends_half_an_hour_later() -> None:
    day = utc(2026, 10, 3, 12), utc(2026, 10, 4, 12)
    assert fires("15 2 * * *", "Australia/Lord_Howe", DEFAULT, *day) == [utc(2026, 10, 3, 15, 30)]


@pytest.mark.parametrize(
    ("overlap", "runs"),
    [
        (Overlap.FIRST, [utc(2026, 10, 25, 0, 30)]),
        (Overlap.SECOND, [utc(2026, 10, 25, 1, 30)]),
        (Overlap.BOTH, [utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)]),
    ],
)
def test_a_time_that_exists_twice_runs_as_the_policy_says(overlap: Overlap, runs: list[datetime]) -> None:
    policy = DstPolicy(overlap=overlap)
    assert fires("30 2 * * *", "Europe/Berlin", policy, utc(2026, 10, 24, 12), utc(2026, 10, 25, 12)) == runs


@pytest.mark.parametrize(
    ("overlap", "minutes_after_midnight"),
    [
        (Overlap.FIRST, [0, 30, 120, 150]),
        (Overlap.SECOND, [60, 90, 120, 150]),
        (Overlap.BOTH, [0, 30, 60, 90, 120, 150]),
    ],
)
def test_frequent_runs_repeat_in_the_repeated_hour_only_with_both(
    overlap: Overlap, minutes_after_midnight: list[int]
) -> None:
    midnight = utc(2026, 10, 25)
    found = fires(
        "*/30 * * * *",
        "Europe/Berlin",
        DstPolicy(overlap=overlap),
        midnight - MINUTE,
        midnight + 179 * MINUTE,
    )
    assert found == [midnight + count * MINUTE for count in minutes_after_midnight]


def test_an_instant_in_the_repeated_hour_is_an_occurrence_only_as_the_policy_says() -> None:
    cron, zone = parse_cron("30 2 * * *"), validate_timezone("Europe/Berlin")
    first, second = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)
    answers = {
        overlap: [
            is_occurrence(cron, zone, DstPolicy(overlap=overlap), instant) for instant in (first, second)
        ]
        for overlap in Overlap
    }
    assert answers == {
        Overlap.FIRST: [True, False],
        Overlap.SECOND: [False, True],
        Overlap.BOTH: [True, True],
    }
