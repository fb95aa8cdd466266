"""What becomes of occurrences that nobody fired in time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.automation import MissedRunPolicy
from domain.contract import RunCause
from domain.firing import Refusal, refusal
from domain.missed_runs import LISTED_AT_MOST, Unlisted, is_missed, overdue
from domain.schedules import is_occurrence, occurrences, parse_cron, validate_timezone
from tests.domain.definitions import NOON, cron
from tests.domain.test_firing import state

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
spans = st.timedeltas(timedelta(0), timedelta(days=3))
crons = st.sampled_from(["* * * * *", "*/7 * * * *", "30 * * * *", "30 2 * * *", "0 9 1 * *"])
zones = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"])


def every_five_minutes(policy: str, **fields: object) -> object:
    return cron(cron_expression="*/5 * * * *", missed_run_policy=policy, **fields)


@given(crons, zones, st.sampled_from(MissedRunPolicy), instants, spans, st.integers(0, 3600))
def test_whatever_came_due_is_either_missed_or_waiting_and_nothing_is_both(
    expression: str, timezone: str, policy: MissedRunPolicy, since: datetime, span: timedelta, jitter: int
) -> None:
    definition = cron(
        cron_expression=expression, timezone=timezone, missed_run_policy=policy, jitter_seconds=jitter
    )
    now = since + span
    found = overdue(definition, since, now)
    due = [
        *(
            [since]
            if is_occurrence(
                parse_cron(expression), validate_timezone(timezone), definition.dst_policy, since
            )
            else []
        ),
        *occurrences(parse_cron(expression), validate_timezone(timezone), definition.dst_policy, since, now),
    ]
    listed = [*found.missed, *found.waiting]
    assert listed == due[-len(listed) :] if listed else due == []
    unlisted = found.unlisted.count if found.unlisted else 0
    assert len(listed) + unlisted == len(due)


@given(crons, st.sampled_from(MissedRunPolicy), instants, spans)
def test_what_is_missed_would_be_refused_but_for_a_backfill_and_what_waits_would_fire(
    expression: str, policy: MissedRunPolicy, since: datetime, span: timedelta
) -> None:
    definition = cron(cron_expression=expression, missed_run_policy=policy)
    now = since + span
    found = overdue(definition, since, now)

    def answers(instants: tuple[datetime, ...]) -> set[Refusal | None]:
        # The newest and the oldest: the rule is the same for all in between.
        return {
            refusal(definition, state(), RunCause.SCHEDULE, at, now) for at in {*instants[:3], *instants[-3:]}
        }

    assert answers(found.missed) <= ({None} if policy is MissedRunPolicy.ALL else {Refusal.MISSED})
    assert answers(found.waiting) <= {None}


@pytest.mark.parametrize(
    ("policy", "missed", "waiting"),
    [("skip", 7, 0), ("last", 6, 1), ("all", 0, 7)],
)
def test_half_an_hour_of_a_cron_every_five_minutes(policy: str, missed: int, waiting: int) -> None:
    found = overdue(every_five_minutes(policy), NOON - 32 * MINUTE, NOON + 2 * MINUTE)
    assert (len(found.missed), len(found.waiting)) == (missed, waiting)
    assert [*found.missed, *found.waiting] == [NOON + count * 5 * MINUTE for count in range(-6, 1)]


def test_what_is_due_at_this_moment_is_missed_by_no_policy() -> None:
    for policy in MissedRunPolicy:
        found = overdue(every_five_minutes(policy), NOON, NOON + timedelta(seconds=20))
        assert (found.missed, found.waiting) == ((), (NOON,))


def test_all_gives_up_what_is_older_than_a_day_unless_it_is_delivered() -> None:
    found = overdue(every_five_minutes("all"), NOON - 2 * DAY, NOON)
    assert found.missed[-1] == NOON - DAY - 5 * MINUTE
    assert found.waiting[0] == NOON - DAY
    assert not is_missed(every_five_minutes("all"), NOON, NOON + 2 * DAY)


def test_jitter_makes_nothing_late() -> None:
    found = overdue(every_five_minutes("skip", jitter_seconds=3600), NOON - HOUR, NOON)
    assert found.missed == ()
    assert len(found.waiting) == 13


def test_a_long_gap_lists_the_newest_and_sums_up_the_rest() -> None:
    since = NOON - 7 * DAY
    found = overdue(cron(cron_expression="* * * * *", missed_run_policy="skip"), since, NOON)
    assert len(found.missed) == LISTED_AT_MOST
    assert found.waiting == (NOON - MINUTE, NOON)
    assert found.unlisted == Unlisted(7 * 24 * 60 + 1 - LISTED_AT_MOST - 2, since, and_more=False)


def test_a_gap_of_years_is_not_counted_to_its_beginning() -> None:
    since = NOON - 800 * DAY
    found = overdue(cron(cron_expression="* * * * *", missed_run_policy="last"), since, NOON)
    assert len(found.missed) == LISTED_AT_MOST
    assert found.waiting == (NOON - MINUTE, NOON)
    assert found.unlisted is not None
    assert (found.unlisted.since, found.unlisted.and_more) == (since, True)


def test_a_yearly_occurrence_long_ago_is_still_found() -> None:
    found = overdue(cron(cron_expression="0 0 1 1 *"), NOON - 3 * 365 * DAY, NOON)
    assert [at.year for at in found.missed] == [2024, 2025, 2026]
    assert found.unlisted is None
