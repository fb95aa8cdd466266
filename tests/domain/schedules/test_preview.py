from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cli.clock.oracle import HOUR, POLICIES, expected_fires, transitions, utc, wanted_walls, watch_clock
from domain.schedules import (
    Cron,
    DstPolicy,
    Gap,
    Overlap,
    PlannedRun,
    ScheduleError,
    next_occurrence,
    occurrences,
    parse_cron,
    planned_runs,
    timezone_names,
    validate_timezone,
)

from .expressions import expressions

BERLIN = "Europe/Berlin"
FRIDAY_BEFORE_SPRING = utc(2026, 3, 27, 12)
DAY_BEFORE_AUTUMN = utc(2026, 10, 24, 12)

instants = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
zones = st.sampled_from(sorted(timezone_names())).map(validate_timezone)
policies = st.sampled_from(POLICIES)

CHANGES = [
    (zone, change)
    for zone in map(validate_timezone, ("America/New_York", BERLIN, "Australia/Lord_Howe", "Asia/Beirut"))
    for change in transitions(zone, utc(2026, 1, 1), utc(2027, 1, 1))
]


def parsed(text: str) -> Cron:
    try:
        return parse_cron(text)
    except ScheduleError:
        assume(False)
        raise


def plan(
    text: str, zone: str, after: datetime, limit: int, gap: Gap = Gap.SHIFT, overlap: Overlap = Overlap.FIRST
) -> list[PlannedRun]:
    policy = DstPolicy(gap=gap, overlap=overlap)
    return planned_runs(parse_cron(text), validate_timezone(zone), policy, after, limit)


def notes(runs: list[PlannedRun]) -> list[str | None]:
    return [run.note for run in runs]


@settings(max_examples=300)
@given(expressions, zones, policies, instants)
def test_the_first_planned_run_is_the_next_occurrence_and_the_rest_follow_it(
    text: str, zone: ZoneInfo, policy: DstPolicy, after: datetime
) -> None:
    cron = parsed(text)
    runs = planned_runs(cron, zone, policy, after, 4)
    expansion = occurrences(cron, zone, policy, after, utc(9998, 1, 1))
    assert [run.run_at for run in runs] == list(islice(expansion, 4))
    assert (runs[0].run_at if runs else None) == next_occurrence(cron, zone, policy, after)


@given(expressions, zones, policies, instants)
def test_the_local_time_is_the_same_instant_on_the_zones_wall_clock(
    text: str, zone: ZoneInfo, policy: DstPolicy, after: datetime
) -> None:
    for run in planned_runs(parsed(text), zone, policy, after, 3):
        there = run.run_at.astimezone(zone)
        assert run.local == run.run_at
        assert run.local.replace(tzinfo=None) == there.replace(tzinfo=None, fold=0)
        assert run.local.utcoffset() == there.utcoffset()


@settings(max_examples=60)
@given(expressions, st.sampled_from(CHANGES), policies)
def test_around_a_change_of_the_clock_a_run_without_a_note_is_an_ordinary_one(
    text: str, at: tuple[ZoneInfo, datetime], policy: DstPolicy
) -> None:
    zone, change = at
    everyday = " ".join(text.split()[:2]) + " * * *"
    cron = parsed(everyday)
    clock = watch_clock(zone, change - 3 * HOUR, change + 3 * HOUR)
    shown = [wall for _, wall in clock]
    wanted = wanted_walls(everyday, min(shown), max(shown))
    count = len(expected_fires(everyday, clock, policy))
    for run in planned_runs(cron, zone, policy, clock[0][0], count):
        wall = run.local.replace(tzinfo=None)
        ordinary = wall in wanted and shown.count(wall) == 1
        assert ordinary or run.note is not None


@given(expressions, policies, instants)
def test_where_the_clock_never_changes_there_are_no_notes(
    text: str, policy: DstPolicy, after: datetime
) -> None:
    runs = planned_runs(parsed(text), validate_timezone("Asia/Tokyo"), policy, after, 5)
    assert set(notes(runs)) <= {None}


def test_a_run_whose_time_does_not_exist_says_when_it_fires_instead() -> None:
    runs = plan("30 2 * * *", BERLIN, FRIDAY_BEFORE_SPRING, 3)
    assert [run.local.isoformat() for run in runs] == [
        "2026-03-28T02:30:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]
    assert notes(runs) == [
        None,
        "02:30 does not exist on 2026-03-29 in Europe/Berlin; fires at 03:00",
        None,
    ]


def test_several_times_that_do_not_exist_fire_once() -> None:
    runs = plan("*/20 2 * * *", BERLIN, utc(2026, 3, 29), 2)
    assert notes(runs) == [
        "02:00 to 02:40 do not exist on 2026-03-29 in Europe/Berlin; fires once, at 03:00",
        None,
    ]


def test_a_day_that_does_not_exist_fires_on_the_next() -> None:
    (run,) = plan("30 9 30 12 *", "Pacific/Apia", utc(2011, 12, 28), 1)
    assert run.run_at == utc(2011, 12, 30, 10)
    assert run.note == "09:30 does not exist on 2011-12-30 in Pacific/Apia; fires at 00:00 on 2011-12-31"


def test_the_run_after_a_skipped_one_says_what_was_skipped() -> None:
    runs = plan("30 2 * * *", BERLIN, FRIDAY_BEFORE_SPRING, 3, gap=Gap.SKIP)
    assert [run.local.day for run in runs] == [28, 30, 31]
    assert notes(runs) == [None, "02:30 does not exist on 2026-03-29 in Europe/Berlin; skipped", None]


@pytest.mark.parametrize(
    ("overlap", "offsets", "endings"),
    [
        (Overlap.FIRST, [2], ["fires the first time only"]),
        (Overlap.SECOND, [1], ["fires the second time only"]),
        (
            Overlap.BOTH,
            [2, 1],
            ["fires both times, this is the first", "fires both times, this is the second"],
        ),
    ],
)
def test_a_time_that_comes_twice_says_which_of_the_two_fires(
    overlap: Overlap, offsets: list[int], endings: list[str]
) -> None:
    *runs, after = plan("30 2 * * *", BERLIN, DAY_BEFORE_AUTUMN, len(offsets) + 1, overlap=overlap)
    assert [run.local.utcoffset() for run in runs] == [timedelta(hours=hours) for hours in offsets]
    assert notes(runs) == [f"02:30 comes twice on 2026-10-25 in Europe/Berlin; {end}" for end in endings]
    assert (after.local.day, after.note) == (26, None)


def test_no_more_runs_than_the_schedule_has() -> None:
    assert len(plan("0 0 1 1 *", "UTC", utc(9995, 6, 1), 100)) == 3
    only_ever_in_a_gap = "30 2 * 3 sun#2"
    assert plan(only_ever_in_a_gap, "America/New_York", utc(2026, 1, 1), 10, gap=Gap.SKIP) == []
    assert plan("@daily", "UTC", utc(2026, 1, 1), 0) == []
