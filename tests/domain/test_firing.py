from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.automation import AutomationStatus, Definition, ExecutionStatus, TriggerType
from domain.contract import RunCause
from domain.firing import Refusal, State, cause_of_tick, next_fire, whole_second
from domain.firing import refusal as refusal_at
from domain.schedules import is_occurrence, parse_cron, validate_timezone
from tests.domain.definitions import NOON, cron, immediate, one_time

ACTIVE, PAUSED = AutomationStatus.ACTIVE, AutomationStatus.PAUSED
instants = st.datetimes(datetime(2020, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def state(**fields: Any) -> State:
    return replace(State(ACTIVE, ExecutionStatus.IDLE, fired_once=False), **fields)


def refusal(
    definition: Definition,
    held: State,
    cause: RunCause,
    nominal_at: datetime | None,
    late_by: timedelta = timedelta(0),
) -> Refusal | None:
    return refusal_at(definition, held, cause, nominal_at, (nominal_at or NOON) + late_by)


@pytest.mark.parametrize("status", sorted(set(AutomationStatus) - {ACTIVE}))
def test_only_an_active_automation_has_a_next_fire(status: AutomationStatus) -> None:
    for definition in (cron(), one_time(), immediate()):
        assert next_fire(definition, status, False, NOON) is None


def test_a_cron_fires_next_by_the_clock_of_its_zone() -> None:
    definition = cron(cron_expression="0 9 * * 1", timezone="Europe/Madrid")
    assert next_fire(definition, ACTIVE, True, NOON) == at("2026-06-08T07:00Z")
    assert next_fire(definition, ACTIVE, True, at("2026-12-01T00:00Z")) == at("2026-12-07T08:00Z")


def test_the_next_fire_is_never_now() -> None:
    assert next_fire(cron(), ACTIVE, False, at("2026-06-01T09:00Z")) == at("2026-06-02T09:00Z")


@given(instants)
def test_the_next_fire_of_a_cron_is_an_occurrence_after_now(now: datetime) -> None:
    definition = cron(cron_expression="*/20 1-3 * * 0,3", timezone="America/New_York")
    following = next_fire(definition, ACTIVE, False, now)
    assert following is not None
    assert following > now
    assert is_occurrence(
        parse_cron("*/20 1-3 * * 0,3"),
        validate_timezone("America/New_York"),
        definition.dst_policy,
        following,
    )
    assert refusal(definition, state(), cause_of_tick(definition, following), following) is None


def test_a_one_time_automation_fires_next_at_its_instant_until_it_has_fired() -> None:
    for now in (NOON - timedelta(days=9), NOON + timedelta(days=9)):
        assert next_fire(one_time(), ACTIVE, False, now) == NOON
        assert next_fire(one_time(), ACTIVE, True, now) is None


def test_an_immediate_automation_has_no_next_fire() -> None:
    assert next_fire(immediate(), ACTIVE, False, NOON) is None


@given(instants)
def test_a_cron_tick_off_the_minute_is_an_operators_trigger(moment: datetime) -> None:
    on_the_minute = moment.replace(second=0, microsecond=0)
    expected = RunCause.SCHEDULE if moment == on_the_minute else RunCause.MANUAL
    assert cause_of_tick(cron(), moment) is expected
    assert cause_of_tick(cron(), on_the_minute) is RunCause.SCHEDULE


@given(instants)
def test_a_tick_before_the_instant_of_a_one_time_automation_is_an_operators_trigger(moment: datetime) -> None:
    expected = RunCause.ONE_TIME if moment >= NOON else RunCause.MANUAL
    assert cause_of_tick(one_time(), moment) is expected


@given(instants)
def test_the_schedules_own_tick_is_never_taken_for_an_operators(trigger_at: datetime) -> None:
    definition = one_time(trigger_at=trigger_at)
    assert cause_of_tick(definition, whole_second(trigger_at)) is RunCause.ONE_TIME


@pytest.mark.parametrize("cause", RunCause)
@pytest.mark.parametrize("execution", ExecutionStatus)
def test_what_is_not_active_fires_for_no_cause(cause: RunCause, execution: ExecutionStatus) -> None:
    for status in set(AutomationStatus) - {ACTIVE}:
        expected = Refusal.PAUSED if status is PAUSED else Refusal.NOT_ACTIVE
        for definition in (cron(), one_time(), immediate()):
            held = state(status=status, execution_status=execution)
            assert refusal(definition, held, cause, NOON) is expected


@pytest.mark.parametrize("running", [ExecutionStatus.PENDING, ExecutionStatus.EXECUTING])
def test_two_runs_of_an_automation_never_overlap(running: ExecutionStatus) -> None:
    busy = state(execution_status=running)
    nine = at("2026-06-01T09:00Z")
    assert refusal(cron(), busy, RunCause.SCHEDULE, nine) is Refusal.STILL_EXECUTING
    assert refusal(one_time(), busy, RunCause.ONE_TIME, NOON) is Refusal.STILL_EXECUTING
    assert refusal(immediate(), busy, RunCause.IMMEDIATE, None) is Refusal.STILL_EXECUTING
    for definition in (cron(), one_time(), immediate()):
        assert refusal(definition, busy, RunCause.MANUAL, None) is Refusal.NOT_TRIGGERABLE


@pytest.mark.parametrize(
    "finished", [ExecutionStatus.IDLE, ExecutionStatus.COMPLETED, ExecutionStatus.FAILED]
)
def test_a_finished_run_lets_the_next_one_begin(finished: ExecutionStatus) -> None:
    idle = state(execution_status=finished)
    assert refusal(cron(), idle, RunCause.SCHEDULE, at("2026-06-01T09:00Z")) is None
    assert refusal(one_time(), idle, RunCause.ONE_TIME, NOON) is None
    assert refusal(cron(), idle, RunCause.MANUAL, None) is None


def test_a_one_time_automation_fires_by_the_clock_once() -> None:
    fired = state(fired_once=True)
    assert refusal(one_time(), fired, RunCause.ONE_TIME, NOON) is Refusal.ALREADY_HANDLED
    assert refusal(one_time(), fired, RunCause.MANUAL, None) is None


def test_a_one_time_event_of_a_program_cannot_be_triggered_by_hand() -> None:
    definition = one_time(scope="program")
    assert refusal(definition, state(), RunCause.MANUAL, None) is Refusal.NOT_TRIGGERABLE
    assert refusal(definition, state(), RunCause.ONE_TIME, NOON) is None


@pytest.mark.parametrize("nominal_at", [None, at("2026-06-01T09:01Z"), at("0001-01-01T09:00Z")])
def test_a_tick_at_another_time_is_not_an_occurrence(nominal_at: datetime | None) -> None:
    assert refusal(cron(), state(), RunCause.SCHEDULE, nominal_at) is Refusal.NOT_AN_OCCURRENCE


def test_a_scheduled_tick_of_an_automation_without_a_cron_is_not_an_occurrence() -> None:
    assert refusal(one_time(), state(), RunCause.SCHEDULE, NOON) is Refusal.NOT_AN_OCCURRENCE


@pytest.mark.parametrize(
    ("overlap", "fires"), [("first", [True, False]), ("second", [False, True]), ("both", [True, True])]
)
def test_the_extra_fire_of_a_repeated_hour_is_not_an_occurrence(overlap: str, fires: list[bool]) -> None:
    definition = cron(cron_expression="30 2 * * *", timezone="Europe/Berlin", dst_policy={"overlap": overlap})
    ticks = [at("2026-10-25T00:30Z"), at("2026-10-25T01:30Z")]
    refusals = [refusal(definition, state(), cause_of_tick(definition, tick), tick) for tick in ticks]
    assert refusals == [None if fired else Refusal.NOT_AN_OCCURRENCE for fired in fires]


@pytest.mark.parametrize(("gap", "expected"), [("shift", None), ("skip", Refusal.NOT_AN_OCCURRENCE)])
def test_a_minute_that_the_clock_skips_fires_after_the_gap_or_not_at_all(
    gap: str, expected: Refusal | None
) -> None:
    definition = cron(cron_expression="30 2 * * *", timezone="Europe/Berlin", dst_policy={"gap": gap})
    after_the_gap = at("2026-03-29T01:00Z")
    assert refusal(definition, state(), RunCause.SCHEDULE, after_the_gap) is expected


@pytest.mark.parametrize(
    ("policy", "late_by", "expected"),
    [
        ("skip", timedelta(seconds=30), None),
        ("skip", timedelta(minutes=5), Refusal.MISSED),
        ("last", timedelta(minutes=5), None),
        ("last", timedelta(minutes=16), Refusal.MISSED),
        ("last", timedelta(hours=2), Refusal.MISSED),
        ("all", timedelta(minutes=5), None),
        ("all", timedelta(hours=20), None),
    ],
)
def test_an_occurrence_that_comes_late_is_made_up_as_the_policy_says(
    policy: str, late_by: timedelta, expected: Refusal | None
) -> None:
    quarterly = cron(cron_expression="*/15 * * * *", missed_run_policy=policy)
    assert refusal(quarterly, state(), RunCause.SCHEDULE, NOON, late_by) is expected


def test_the_last_occurrence_is_not_made_up_hours_later_even_when_none_followed() -> None:
    daily = cron(missed_run_policy="last")
    nine = at("2026-06-01T09:00Z")
    assert refusal(daily, state(), RunCause.SCHEDULE, nine, timedelta(minutes=59)) is None
    assert refusal(daily, state(), RunCause.SCHEDULE, nine, timedelta(hours=3)) is Refusal.MISSED


def test_jitter_does_not_make_an_occurrence_late() -> None:
    jittered = cron(missed_run_policy="skip", jitter_seconds=600)
    nine = at("2026-06-01T09:00Z")
    assert refusal(jittered, state(), RunCause.SCHEDULE, nine, timedelta(minutes=10)) is None
    assert refusal(jittered, state(), RunCause.SCHEDULE, nine, timedelta(minutes=12)) is Refusal.MISSED


@given(instants)
def test_a_schedule_fires_at_the_first_whole_second_that_is_not_early(moment: datetime) -> None:
    rounded = whole_second(moment)
    assert rounded.microsecond == 0
    assert timedelta(0) <= rounded - moment < SECOND
    assert whole_second(rounded) == rounded


def test_the_last_instant_of_a_year_rounds_into_the_next() -> None:
    assert whole_second(at("2026-12-31T23:59:59.000001Z")) == at("2027-01-01T00:00Z")


def test_every_kind_of_trigger_is_covered_here() -> None:
    assert {definition.trigger_type for definition in (cron(), one_time(), immediate())} == {*TriggerType} - {
        TriggerType.PARTICIPANT_STATE
    }
