from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.automation import MissedRunPolicy
from domain.participant_state import (
    Person,
    Rhythm,
    Standing,
    SubscriptionStatus,
    after_failure,
    cancelled,
    fire,
    follow,
    rebase,
    subscribe,
)

from .rhythms import (
    ANYONE,
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    at,
    born,
    by_cron,
    dated,
    every,
    spent,
    subscribed,
    threshold,
    zones,
)

NOON = at("2026-06-01T12:00Z")
BORN = born("1990-06-15")
RHYTHMS = [
    dated(),
    dated(recurrence="once", offset_days=3),
    every(interval_days=2, time_of_day="02:30"),
    every(interval_hours=5, max_triggers=3),
    by_cron("*/15 2 * * *"),
    threshold(),
    threshold(repeat=True, operator="<", value=5),
]
people = st.builds(
    Person,
    st.fixed_dictionaries(
        {},
        optional={
            "birthday": st.one_of(st.dates().map(str), st.integers(), st.sampled_from(["x", None, "06-15"]))
        },
    ),
    st.fixed_dictionaries({}, optional={"spend": st.one_of(st.integers(0, 2000), st.just("x"))}),
    st.one_of(st.none(), st.just("nowhere"), zones),
)
nows = st.datetimes(datetime(2021, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize("of", RHYTHMS)
@given(now=nows, person=people, changed=people, later=st.timedeltas(timedelta(0), timedelta(days=900)))
def test_following_twice_is_following_once(
    of: Rhythm, now: datetime, person: Person, changed: Person, later: timedelta
) -> None:
    held = subscribe(of, person, None, None, now)
    if held is None:
        return
    assert follow(of, held, person, now + later) == held
    once = follow(of, held, changed, now + later)
    assert follow(of, once, changed, now + later + MINUTE) == once


@pytest.mark.parametrize("of", RHYTHMS)
@given(now=nows, person=people, changed=people, later=st.timedeltas(timedelta(0), timedelta(days=900)))
def test_after_a_resume_nothing_is_due_and_what_was_to_come_stays(
    of: Rhythm, now: datetime, person: Person, changed: Person, later: timedelta
) -> None:
    held = subscribe(of, person, None, None, now)
    if held is None:
        return
    resumed_at = now + later
    resumed = rebase(of, held, changed, resumed_at)
    assert not resumed.is_due(resumed_at)
    assert resumed.trigger_count == held.trigger_count
    followed = follow(of, held, changed, resumed_at)
    if not followed.is_due(resumed_at):
        assert resumed == followed
    assert rebase(of, resumed, changed, resumed_at) == resumed


def test_a_plan_that_is_due_stays_due_until_it_is_fired() -> None:
    of = by_cron("0 9 * * *")
    held = subscribed(of, ANYONE, NOON)
    assert follow(of, held, ANYONE, NOON + 3 * DAY) == held


def test_an_anchor_holds_no_value_of_the_participant() -> None:
    held = subscribed(dated(), born("1990-06-15"), NOON)
    assert "1990" not in held.anchor
    assert "06-15" not in held.anchor
    assert held.anchor != subscribed(dated(), born("1990-06-16"), NOON).anchor


def test_a_changed_date_is_planned_anew_even_after_the_last_one_was_kept() -> None:
    of = dated(recurrence="once")
    done = fire(
        of, subscribed(of, born("2026-06-15"), NOON), born("2026-06-15"), at("2026-06-15T09:00Z")
    ).standing
    assert done.status is SubscriptionStatus.COMPLETED
    assert follow(of, done, born("2026-06-15"), at("2026-06-16T00:00Z")) == done
    moved = follow(of, done, born("2026-07-01"), at("2026-06-16T00:00Z"))
    assert (moved.status, moved.next_trigger_at) == ("active", at("2026-07-01T09:00Z"))
    assert moved.trigger_count == 1


def test_a_cancelled_standing_follows_nothing_and_keeps_what_it_used_up() -> None:
    of = every(interval_days=1, max_triggers=2)
    gone = cancelled(fire(of, subscribed(of, ANYONE, NOON), ANYONE, NOON + DAY).standing)
    assert (gone.status, gone.next_trigger_at, gone.trigger_count) == ("cancelled", None, 1)
    assert follow(of, gone, ANYONE, NOON + 5 * DAY) == gone
    assert rebase(of, gone, ANYONE, NOON + 5 * DAY) == gone
    back = subscribed(of, ANYONE, NOON + 5 * DAY, earlier=gone)
    assert (back.next_trigger_at, back.trigger_count) == (NOON + 6 * DAY, 1)
    spent_up = replace(gone, trigger_count=2)
    assert subscribed(of, ANYONE, NOON + 5 * DAY, earlier=spent_up).status is SubscriptionStatus.COMPLETED


@pytest.mark.parametrize(
    ("of", "person", "resumed_at", "following"),
    [
        (dated(), BORN, "2026-06-20T00:00Z", "2027-06-15T09:00Z"),
        (every(interval_days=10), ANYONE, "2026-06-25T00:00Z", "2026-07-01T12:00Z"),
        (by_cron("0 9 * * *"), ANYONE, "2026-06-25T00:00Z", "2026-06-25T09:00Z"),
    ],
)
def test_what_came_due_while_paused_is_dropped_and_not_counted(
    of: Rhythm, person: Person, resumed_at: str, following: str
) -> None:
    resumed = rebase(of, subscribed(of, person, NOON), person, at(resumed_at))
    assert resumed.next_trigger_at == at(following)
    assert (resumed.status, resumed.trigger_count, resumed.last_triggered_at) == ("active", 0, None)


def test_a_single_date_that_passed_while_paused_is_completed_unsent() -> None:
    of = dated(recurrence="once")
    resumed = rebase(
        of, subscribed(of, born("2026-06-15"), NOON), born("2026-06-15"), at("2026-06-20T00:00Z")
    )
    assert (resumed.status, resumed.trigger_count) == ("completed", 0)


def test_a_crossing_while_paused_is_dropped_and_the_next_one_fires() -> None:
    of = threshold()
    resumed = rebase(of, subscribed(of, spent(0), NOON), spent(2000), NOON + DAY)
    assert (resumed.status, resumed.satisfied, resumed.next_trigger_at) == ("active", True, None)
    again = follow(of, follow(of, resumed, spent(0), NOON + DAY), spent(1000), NOON + 2 * DAY)
    assert again.next_trigger_at == NOON + 2 * DAY


@pytest.mark.parametrize("of", [threshold(), threshold(repeat=True), every(interval_days=9), dated()])
def test_a_retry_that_came_due_while_paused_is_dropped(of: Rhythm) -> None:
    person = Person({"birthday": "1990-06-15"}, {"spend": 1000})
    held = subscribed(of, person, NOON, before=ANYONE)
    due = held.next_trigger_at
    assert due is not None
    failed = after_failure(fire(of, held, person, due).standing, "no answer", due)
    resumed = rebase(of, failed, person, due + HOUR)
    regular = fire(of, held, person, due).standing
    assert (resumed.next_trigger_at, resumed.retry_count) == (regular.next_trigger_at, 0)
    spent_up = regular.status is SubscriptionStatus.COMPLETED
    assert resumed.status is (SubscriptionStatus.FAILED if spent_up else SubscriptionStatus.ACTIVE)


def late(policy: MissedRunPolicy, of: Rhythm, person: Person, by: timedelta) -> tuple[bool, Standing]:
    of = replace(of, missed_run_policy=policy)
    held = subscribed(of, person, NOON)
    assert held.next_trigger_at is not None
    fired = fire(of, held, person, held.next_trigger_at + by)
    return fired.missed, fired.standing


@pytest.mark.parametrize(
    ("policy", "within"),
    [(MissedRunPolicy.SKIP, MINUTE), (MissedRunPolicy.LAST, HOUR), (MissedRunPolicy.ALL, DAY)],
)
@pytest.mark.parametrize(
    ("of", "person"), [(dated(), BORN), (every(interval_days=9), ANYONE), (by_cron("0 9 * * 1"), ANYONE)]
)
def test_a_trigger_later_than_the_policy_makes_up_for_is_missed(
    policy: MissedRunPolicy, within: timedelta, of: Rhythm, person: Person
) -> None:
    missed, standing = late(policy, of, person, within)
    assert (missed, standing.trigger_count) == (False, 1)
    missed, standing = late(policy, of, person, within + SECOND)
    assert (missed, standing.trigger_count, standing.last_triggered_at) == (True, 0, None)
    assert standing.status is SubscriptionStatus.ACTIVE
    assert standing.next_trigger_at is not None
    assert standing.next_trigger_at > NOON + within


@pytest.mark.parametrize("of", [every(interval_minutes=10), by_cron("*/10 * * * *")])
def test_of_several_that_passed_the_newest_is_made_up(of: Rhythm) -> None:
    """Five hours without a timer: the newest one is up to ten minutes old."""
    assert late(MissedRunPolicy.LAST, of, ANYONE, 5 * HOUR)[0] is False
    assert late(MissedRunPolicy.SKIP, of, ANYONE, 5 * HOUR + 30 * SECOND)[0] is False
    missed, standing = late(MissedRunPolicy.SKIP, of, ANYONE, 5 * HOUR + 5 * MINUTE)
    assert (missed, standing.next_trigger_at) == (True, NOON + 5 * HOUR + 20 * MINUTE)


def test_a_single_date_that_is_missed_is_completed_unsent() -> None:
    missed, standing = late(MissedRunPolicy.LAST, dated(recurrence="once"), born("2026-06-15"), 2 * HOUR)
    assert (missed, standing.status, standing.trigger_count) == (True, "completed", 0)


def test_a_crossing_is_never_missed() -> None:
    of = replace(threshold(), missed_run_policy=MissedRunPolicy.SKIP)
    held = subscribed(of, spent(1000), NOON, before=ANYONE)
    fired = fire(of, held, spent(1000), NOON + 90 * DAY)
    assert (fired.missed, fired.standing.trigger_count) == (False, 1)
