from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cli.clock.oracle import POLICIES
from domain.automation import AutomationStatus
from domain.firing import next_fire
from domain.next_runs import next_runs
from domain.schedules import DstPolicy, ScheduleError, parse_cron, timezone_names
from tests.domain.definitions import NOON, cron, immediate, one_time
from tests.domain.schedules.expressions import expressions

ACTIVE = AutomationStatus.ACTIVE
instants = st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=200)
@given(
    expressions, st.sampled_from(sorted(timezone_names())), st.sampled_from(POLICIES), instants, st.booleans()
)
def test_the_first_of_the_next_runs_is_the_next_fire(
    text: str, zone: str, policy: DstPolicy, now: datetime, fired_once: bool
) -> None:
    try:
        parse_cron(text)
    except ScheduleError:
        assume(False)
    definition = cron(cron_expression=text, timezone=zone, dst_policy=policy)
    planned = [run.run_at for run in next_runs(definition, ACTIVE, fired_once, now, 2)]
    assert next(iter(planned), None) == next_fire(definition, ACTIVE, fired_once, now)


@pytest.mark.parametrize("status", sorted(set(AutomationStatus) - {ACTIVE}))
def test_what_is_not_active_has_no_next_runs(status: AutomationStatus) -> None:
    for definition in (cron(), one_time(), immediate()):
        assert next_runs(definition, status, False, NOON, 5) == []


def test_a_one_time_automation_has_one_run_until_it_has_fired() -> None:
    definition = one_time(timezone="Asia/Kolkata")
    for now in (NOON - timedelta(days=9), NOON + timedelta(days=9)):
        (run,) = next_runs(definition, ACTIVE, False, now, 5)
        assert (run.run_at, run.note) == (NOON, None)
        assert run.local.isoformat() == "2026-06-01T17:30:00+05:30"
    assert next_runs(definition, ACTIVE, True, NOON - timedelta(days=9), 5) == []


def test_an_immediate_automation_has_none() -> None:
    assert next_runs(immediate(), ACTIVE, False, NOON, 5) == []
