from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.clock.oracle import HOUR
from domain.rules.active_intervals import is_active
from domain.rules.control import ControlState
from domain.rules.effective_state import EffectiveState, InactiveReason, effective_state
from domain.rules.schedule_settings import ScheduleSettings

from .schedules import DAY, at, schedule, schedules_and_spans

RULE = UUID(int=7)
NOW = at("2026-06-01T12:00Z")
UNPAUSED = ControlState(False, None)
NEVER_AGAIN = schedule(end_at=NOW)
MORNINGS = schedule(windows=[{"start": "09:00", "end": "10:00"}])

Case = tuple[bool, datetime | None, ControlState, ScheduleSettings | None, datetime]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    of, start, end = draw(schedules_and_spans())
    instants = st.none() | st.floats(-0.5, 1.5).map(lambda share: start + share * (end - start))
    pause = ControlState(draw(st.booleans()), draw(instants))
    return draw(st.booleans()), draw(instants), pause, draw(st.sampled_from([of, None])), start


def state(
    is_active: bool = True,
    snoozed_until: datetime | None = None,
    pause: ControlState = UNPAUSED,
    schedule: ScheduleSettings | None = None,
    now: datetime = NOW,
) -> EffectiveState:
    return effective_state(RULE, is_active, snoozed_until, pause, schedule, now)


@settings(max_examples=300, deadline=None)
@given(cases(), st.lists(st.floats(0, 0.999), max_size=8))
def test_the_rule_could_act_at_the_instant_told_and_at_none_before(case: Case, shares: list[float]) -> None:
    rule, now = case[:4], case[4]
    told = state(*rule, now).next_active_at
    if told is not None:
        assert told >= now
        assert state(*rule, told).effective_active
    idle = (told or now + 10 * DAY) - now
    for instant in (now + share * idle for share in shares):
        assert not state(*rule, instant).effective_active or instant == told


@settings(max_examples=200, deadline=None)
@given(cases())
def test_an_effective_rule_is_one_that_nothing_keeps_from_acting(case: Case) -> None:
    is_on, snoozed_until, pause, of, now = case
    found = state(*case)
    assert found.rule_id == RULE
    assert (found.is_active, found.snoozed_until) == (is_on, snoozed_until)
    assert found.is_snoozed is (snoozed_until is not None and now < snoozed_until)
    assert found.global_paused is pause.holds(now)
    assert found.schedule_active is (of is None or is_active(of, now))
    kept = [not found.is_active, found.is_snoozed, found.global_paused, not found.schedule_active]
    assert found.reasons == tuple(reason for reason, holds in zip(InactiveReason, kept, strict=True) if holds)
    assert found.effective_active is (found.reasons == ())
    assert found.effective_active is (found.next_active_at == now)


def test_a_rule_that_nothing_keeps_could_act_now() -> None:
    assert state() == EffectiveState(
        rule_id=RULE,
        is_active=True,
        is_snoozed=False,
        snoozed_until=None,
        global_paused=False,
        schedule_active=True,
        effective_active=True,
        reasons=(),
        next_active_at=NOW,
    )


def test_every_reason_is_told_and_not_just_the_first() -> None:
    found = state(False, NOW + HOUR, ControlState(True, None), NEVER_AGAIN)
    assert found.reasons == ("inactive", "snoozed", "paused", "outside_schedule")
    assert found.next_active_at is None


@pytest.mark.parametrize(
    ("snoozed_for", "paused_for", "of", "expected"),
    [
        (2 * HOUR, None, None, "2026-06-01T14:00Z"),
        (None, 3 * HOUR, None, "2026-06-01T15:00Z"),
        (2 * HOUR, 3 * HOUR, None, "2026-06-01T15:00Z"),
        (3 * HOUR, 2 * HOUR, None, "2026-06-01T15:00Z"),
        (-HOUR, -HOUR, None, "2026-06-01T12:00Z"),
        (None, None, MORNINGS, "2026-06-02T09:00Z"),
        (2 * DAY - HOUR / 2 - 2 * HOUR, None, MORNINGS, "2026-06-03T09:30Z"),
        (2 * HOUR, 3 * DAY, MORNINGS, "2026-06-05T09:00Z"),
    ],
)
def test_the_next_instant_is_after_the_snooze_and_the_pause_and_within_the_schedule(
    snoozed_for: timedelta | None, paused_for: timedelta | None, of: ScheduleSettings | None, expected: str
) -> None:
    snoozed_until = None if snoozed_for is None else NOW + snoozed_for
    pause = UNPAUSED if paused_for is None else ControlState(True, NOW + paused_for)
    assert state(True, snoozed_until, pause, of).next_active_at == at(expected)


@pytest.mark.parametrize(
    "found",
    [
        state(is_active=False),
        state(pause=ControlState(True, None)),
        state(schedule=NEVER_AGAIN),
        state(snoozed_until=NOW + DAY, schedule=schedule(end_at=NOW + HOUR)),
    ],
)
def test_no_instant_is_told_where_only_somebody_could_end_it(found: EffectiveState) -> None:
    assert not found.effective_active
    assert found.next_active_at is None
