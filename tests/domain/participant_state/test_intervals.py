from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.participant_state import Person, Rhythm, SubscriptionStatus, fire, follow
from domain.schedules import DstPolicy, Gap, Overlap, is_occurrence, parse_cron, validate_timezone

from .rhythms import ANYONE, DAY, HOUR, MINUTE, at, by_cron, every, fires, subscribed, zones

NOON = at("2026-06-01T12:00Z")
nows = st.datetimes(datetime(2021, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("of", "length"),
    [
        (every(interval_days=30), 30 * DAY),
        (every(interval_hours=5), 5 * HOUR),
        (every(interval_minutes=7), 7 * MINUTE),
    ],
)
def test_an_interval_counts_from_the_subscription_and_then_from_each_trigger(
    of: Rhythm, length: timedelta
) -> None:
    assert fires(of, ANYONE, NOON, 3) == [NOON + count * length for count in (1, 2, 3)]


def test_days_with_a_time_of_day_are_days_of_the_participants_calendar() -> None:
    of = every(interval_days=1, time_of_day="09:00")
    assert fires(of, Person({}, {}, "Europe/Madrid"), at("2026-10-23T12:00Z"), 3) == [
        at("2026-10-24T07:00Z"),
        at("2026-10-25T08:00Z"),
        at("2026-10-26T08:00Z"),
    ]


def test_the_first_trigger_is_never_on_the_day_of_the_subscription() -> None:
    of = every(interval_days=1, time_of_day="09:00")
    assert fires(of, ANYONE, at("2026-06-01T06:00Z"), 1) == [at("2026-06-02T09:00Z")]


def test_a_late_trigger_does_not_shift_the_ones_after_it() -> None:
    of = every(interval_days=30)
    held = subscribed(of, ANYONE, NOON)
    fired = fire(of, held, ANYONE, NOON + 30 * DAY + 20 * MINUTE).standing
    assert fired.next_trigger_at == NOON + 60 * DAY
    assert fired.last_triggered_at == NOON + 30 * DAY + 20 * MINUTE


def test_more_than_an_interval_late_goes_on_with_the_first_that_is_still_to_come() -> None:
    of = every(interval_minutes=10)
    held = subscribed(of, ANYONE, NOON)
    fired = fire(of, held, ANYONE, NOON + 35 * MINUTE)
    assert fired.standing.next_trigger_at == NOON + 40 * MINUTE
    assert (fired.missed, fired.standing.trigger_count) == (False, 1)


@pytest.mark.parametrize(
    "of", [every(interval_hours=1, max_triggers=2), by_cron("0 * * * *", max_triggers=2)]
)
def test_the_last_trigger_allowed_completes_the_subscription(of: Rhythm) -> None:
    held = subscribed(of, ANYONE, NOON)
    assert len(fires(of, ANYONE, NOON, 9)) == 2
    for _ in range(2):
        assert held.next_trigger_at is not None
        held = fire(of, held, ANYONE, held.next_trigger_at).standing
    assert (held.status, held.next_trigger_at, held.trigger_count) == ("completed", None, 2)


def test_a_raised_limit_goes_on_from_the_last_trigger() -> None:
    held = subscribed(every(interval_days=1, max_triggers=1), ANYONE, NOON)
    done = fire(every(interval_days=1, max_triggers=1), held, ANYONE, NOON + DAY).standing
    assert done.status is SubscriptionStatus.COMPLETED
    more = follow(every(interval_days=1, max_triggers=2), done, ANYONE, NOON + DAY + HOUR)
    assert (more.status, more.next_trigger_at) == ("active", NOON + 2 * DAY)


def test_a_changed_interval_counts_from_the_last_trigger() -> None:
    held = subscribed(every(interval_days=30), ANYONE, NOON)
    assert follow(every(interval_days=10), held, ANYONE, NOON + 5 * DAY).next_trigger_at == NOON + 10 * DAY
    assert follow(every(interval_days=10), held, ANYONE, NOON + 15 * DAY).next_trigger_at == NOON + 20 * DAY


def test_a_cron_is_read_by_each_participants_clock() -> None:
    of = by_cron("0 9 1 * *", "Europe/Madrid")
    assert fires(of, ANYONE, NOON, 1) == [at("2026-07-01T07:00Z")]
    assert fires(of, Person({}, {}, "Asia/Kathmandu"), NOON, 2) == [
        at("2026-07-01T03:15Z"),
        at("2026-08-01T03:15Z"),
    ]


def test_a_participant_who_moves_is_planned_by_the_new_clock() -> None:
    of = by_cron("0 9 1 * *")
    held = subscribed(of, ANYONE, NOON)
    moved = follow(of, held, Person({}, {}, "Asia/Kathmandu"), NOON + DAY)
    assert moved.next_trigger_at == at("2026-07-01T03:15Z")
    assert moved.subscribed_at == NOON


def test_a_move_means_nothing_to_an_interval_that_no_clock_is_read_for() -> None:
    of = every(interval_days=3)
    held = subscribed(of, ANYONE, NOON)
    assert follow(of, held, Person({}, {}, "Asia/Kathmandu"), NOON + DAY) == held


policies = st.builds(DstPolicy, gap=st.sampled_from(Gap), overlap=st.sampled_from(Overlap))


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 400), st.times().map(lambda time: f"{time:%H:%M}"), zones, policies, nows)
def test_calendar_intervals_rise_by_whole_days_whatever_the_clock_does(
    days: int, time_of_day: str, zone: str, policy: DstPolicy, now: datetime
) -> None:
    of = every(zone, policy, interval_days=days, time_of_day=time_of_day)
    local = validate_timezone(zone)
    found = [instant.astimezone(local) for instant in fires(of, ANYONE, now, 6)]
    assert len(found) == 6
    dates = [now.astimezone(local).date(), *(moment.date() for moment in found)]
    for earlier, later in pairwise(dates):
        steps, rest = divmod((later - earlier).days, days)
        assert rest == 0
        assert steps == 1 or (policy.gap is Gap.SKIP and steps == 2)
    assert all(earlier < later for earlier, later in pairwise(found))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["*/20 1-3 * * *", "0 9 * * 1", "30 2 29 2 *"]), zones, policies, nows)
def test_a_cron_fires_at_occurrences_and_at_none_but_those(
    expression: str, zone: str, policy: DstPolicy, now: datetime
) -> None:
    of = Rhythm(by_cron(expression).config, zone, policy, by_cron(expression).missed_run_policy)
    found = fires(of, ANYONE, now, 5)
    cron, local = parse_cron(expression), validate_timezone(zone)
    assert len(found) == 5
    assert all(is_occurrence(cron, local, policy, instant) for instant in found)
    assert all(earlier < later for earlier, later in pairwise([now, *found]))


@given(
    st.integers(1, 3000),
    nows,
    st.lists(st.integers(0, 20_000).map(lambda minutes: timedelta(minutes=minutes)), max_size=8),
)
def test_however_late_triggers_come_the_instants_stay_whole_intervals_apart(
    minutes: int, now: datetime, delays: list[timedelta]
) -> None:
    of = every(interval_minutes=minutes)
    held = subscribed(of, ANYONE, now)
    for delay in delays:
        assert held.next_trigger_at is not None
        fired_at = held.next_trigger_at + delay
        held = fire(of, held, ANYONE, fired_at).standing
        assert held.next_trigger_at is not None
        assert fired_at < held.next_trigger_at <= fired_at + timedelta(minutes=minutes)
        assert (held.next_trigger_at - now) % timedelta(minutes=minutes) == timedelta(0)
