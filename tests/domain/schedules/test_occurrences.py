from datetime import UTC, datetime, timedelta, timezone
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cli.clock.oracle import MINUTE, POLICIES, utc
from domain.schedules import (
    Cron,
    DstPolicy,
    Gap,
    Overlap,
    ScheduleError,
    is_occurrence,
    next_occurrence,
    occurrences,
    parse_cron,
    validate_timezone,
)

from .expressions import expressions

UTC_ZONE = validate_timezone("UTC")
NEW_YORK = validate_timezone("America/New_York")
DEFAULT = DstPolicy()
# Twelve 29 Februaries on one weekday can take three centuries and more.
FAR_AHEAD = utc(2700, 1, 1)
SECOND = timedelta(seconds=1)

instants = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001
    datetime(2090, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def parsed(text: str) -> Cron:
    try:
        return parse_cron(text)
    except ScheduleError:
        assume(False)
        raise


def after(
    text: str, moment: datetime, zone: ZoneInfo = UTC_ZONE, policy: DstPolicy = DEFAULT
) -> datetime | None:
    return next_occurrence(parse_cron(text), zone, policy, moment)


@settings(max_examples=1000, deadline=None)
@given(expressions, instants)
def test_in_utc_the_occurrences_are_croniters(text: str, start: datetime) -> None:
    cron = parsed(text)
    reader = croniter(text, start)
    ours = list(occurrences(cron, UTC_ZONE, DEFAULT, start, FAR_AHEAD, limit=6))
    assert ours == [reader.get_next(datetime) for _ in range(6)]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(max_examples=10_000, deadline=None)
@given(expressions, instants)
def test_in_utc_many_more_occurrences_are_croniters(text: str, start: datetime) -> None:
    cron = parsed(text)
    reader = croniter(text, start)
    ours = list(occurrences(cron, UTC_ZONE, DEFAULT, start, FAR_AHEAD, limit=12))
    assert ours == [reader.get_next(datetime) for _ in range(12)]


@settings(max_examples=200, deadline=None)
@given(
    expressions, instants, st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
)
def test_occurrences_ascend_and_each_is_one(text: str, start: datetime, name: str) -> None:
    cron, zone = parsed(text), validate_timezone(name)
    for policy in POLICIES:
        found = list(occurrences(cron, zone, policy, start, utc(2200, 1, 1), limit=4))
        assert all(earlier < later for earlier, later in pairwise([start, *found]))
        assert all(is_occurrence(cron, zone, policy, instant) for instant in found)


def test_the_next_occurrence_is_strictly_after() -> None:
    nine = utc(2026, 5, 4, 9)
    assert after("0 9 * * *", nine - SECOND) == nine
    assert after("0 9 * * *", nine) == utc(2026, 5, 5, 9)


def test_the_result_is_in_utc_whatever_the_offset_of_the_question() -> None:
    asked = datetime(2026, 7, 1, 8, 0, tzinfo=timezone(timedelta(hours=-4)))
    found = after("0 9 * * *", asked, NEW_YORK)
    assert found == utc(2026, 7, 1, 13)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "moment", "found"),
    [
        ("0 0 29 2 *", utc(2028, 2, 29), utc(2032, 2, 29)),
        ("0 0 29 2 *", utc(2096, 3, 1), utc(2104, 2, 29)),
        ("0 0 29 2 *,1#5", utc(2072, 3, 1), utc(2112, 2, 29)),
        ("0 9 13 * 5", utc(2026, 1, 10), utc(2026, 1, 13, 9)),
        ("0 9 13 * 5", utc(2026, 1, 13, 9), utc(2026, 1, 16, 9)),
        ("0 9 * * mon#2", utc(2026, 1, 1), utc(2026, 1, 12, 9)),
        ("0 9 * * L5", utc(2026, 1, 1), utc(2026, 1, 30, 9)),
        ("0 0 L * *", utc(2028, 2, 1), utc(2028, 2, 29)),
        ("0 0 L 2 *", utc(2027, 1, 1), utc(2027, 2, 28)),
        ("0 9 15W * *", utc(2026, 2, 1), utc(2026, 2, 16, 9)),
        ("0 9 * * 1-7", utc(2026, 1, 4), utc(2026, 1, 4, 9)),
        ("59 23 31 12 *", utc(2026, 12, 31, 23, 59), utc(2027, 12, 31, 23, 59)),
    ],
)
def test_the_next_occurrence_of_rarer_expressions(text: str, moment: datetime, found: datetime) -> None:
    assert after(text, moment) == found


def test_an_expression_that_only_ever_falls_in_a_gap_has_no_next_occurrence_when_gaps_are_skipped() -> None:
    text = "30 2 * 3 sun#2"
    assert after(text, utc(2026, 1, 1), NEW_YORK, DstPolicy(gap=Gap.SKIP)) is None
    assert after(text, utc(2026, 1, 1), NEW_YORK, DstPolicy(gap=Gap.SHIFT)) == utc(2026, 3, 8, 7)


def test_occurrences_exclude_the_start_and_include_the_end() -> None:
    cron = parse_cron("0 * * * *")
    found = occurrences(cron, UTC_ZONE, DEFAULT, utc(2026, 1, 1, 0), utc(2026, 1, 1, 3))
    assert list(found) == [utc(2026, 1, 1, hour) for hour in (1, 2, 3)]


@pytest.mark.parametrize(("limit", "count"), [(None, 24), (0, 0), (1, 1), (24, 24), (100, 24)])
def test_no_more_occurrences_than_asked_for(limit: int | None, count: int) -> None:
    cron = parse_cron("@hourly")
    found = occurrences(cron, UTC_ZONE, DEFAULT, utc(2026, 1, 1), utc(2026, 1, 2), limit)
    assert len(list(found)) == count


def test_an_end_before_the_start_gives_nothing() -> None:
    assert not list(occurrences(parse_cron("* * * * *"), UTC_ZONE, DEFAULT, utc(2026, 1, 2), utc(2026, 1, 1)))


def test_occurrences_are_found_one_by_one() -> None:
    endless = occurrences(parse_cron("* * * * *"), NEW_YORK, DEFAULT, utc(2026, 1, 1), utc(9000, 1, 1))
    assert list(islice(endless, 3)) == [utc(2026, 1, 1, 0, minute) for minute in (1, 2, 3)]


@pytest.mark.parametrize(
    ("instant", "answer"),
    [
        (utc(2026, 7, 1, 13), True),
        (utc(2026, 1, 1, 14), True),
        (utc(2026, 1, 1, 13), False),
        (utc(2026, 7, 1, 13) + SECOND, False),
        (utc(2026, 7, 1, 13) + timedelta.resolution, False),
        (utc(2026, 7, 1, 13) - timedelta.resolution, False),
        (utc(2026, 7, 1, 13) + MINUTE, False),
    ],
)
def test_an_instant_is_an_occurrence_only_to_the_microsecond(instant: datetime, answer: bool) -> None:
    assert is_occurrence(parse_cron("0 9 * * *"), NEW_YORK, DEFAULT, instant) is answer


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 1, 1), datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)],  # noqa: DTZ001
)
def test_a_moment_without_an_offset_or_out_of_range_is_refused(moment: datetime) -> None:
    with pytest.raises(ScheduleError) as refusal:
        after("@daily", moment)
    assert refusal.value.field == "after"


@pytest.mark.parametrize("year", [2, 9998])
def test_the_first_and_last_years_work(year: int) -> None:
    assert after("@daily", utc(year, 1, 1), NEW_YORK) is not None


def test_nothing_occurs_past_the_last_year() -> None:
    assert after("0 0 1 1 *", utc(9998, 6, 1)) is None


def test_a_policy_reads_and_writes_as_plain_json() -> None:
    assert DEFAULT.model_dump(mode="json") == {"gap": "shift", "overlap": "first"}
    chosen = DstPolicy.model_validate({"gap": "skip", "overlap": "both"})
    assert chosen == DstPolicy(gap=Gap.SKIP, overlap=Overlap.BOTH)
    with pytest.raises(ValidationError):
        DstPolicy.model_validate({"gaps": "skip"})
