"""Figures of a rule, and how bad they are."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.alert_levels import AlertLevel, AlertReason, RunFigures, judge
from domain.rules.alerting import AlertSettings
from domain.rules.silence import MatchHistory

NOW = datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
BUSY = MatchHistory((50,) * 8, NOW - timedelta(days=30))
FALLEN_SILENT = MatchHistory((0, *[50] * 7), NOW - timedelta(days=30))
SETTINGS = AlertSettings(min_matched_runs=20, failure_rate_threshold_pct=25.0)


def level_of(matched: int, executed: int, settings: AlertSettings = SETTINGS) -> AlertLevel:
    return judge(RunFigures(matched, executed), BUSY, settings, NOW).level


@pytest.mark.parametrize(
    ("matched", "executed", "rate"),
    [
        (0, 0, 0.0),
        (4, 4, 0.0),
        (4, 3, 25.0),
        (3, 2, 33.33),
        (3, 1, 66.67),
        (7, 0, 100.0),
        (100_000, 99_999, 0.0),
    ],
)
def test_the_failure_rate_is_the_share_that_did_not_act_in_percent(
    matched: int, executed: int, rate: float
) -> None:
    assert RunFigures(matched, executed).failure_rate_pct == rate


@pytest.mark.parametrize(
    ("executed", "level"),
    [
        (100, AlertLevel.OK),
        (76, AlertLevel.OK),
        (75, AlertLevel.WARNING),
        (51, AlertLevel.WARNING),
        (50, AlertLevel.CRITICAL),
        (0, AlertLevel.CRITICAL),
    ],
)
def test_a_rule_is_at_warning_from_the_threshold_and_critical_from_twice_of_it(
    executed: int, level: AlertLevel
) -> None:
    assert level_of(100, executed) is level


def test_too_few_matches_are_no_alarm_even_when_all_failed() -> None:
    assert level_of(19, 0) is AlertLevel.OK
    assert level_of(20, 0) is AlertLevel.CRITICAL


@pytest.mark.parametrize("threshold", [50.0, 51.0, 99.0, 100.0])
def test_with_a_high_threshold_only_failures_throughout_are_critical(threshold: float) -> None:
    settings = AlertSettings(min_matched_runs=20, failure_rate_threshold_pct=threshold)
    assert level_of(100, 0, settings) is AlertLevel.CRITICAL
    assert level_of(100, 1, settings) is not AlertLevel.CRITICAL


@given(
    matched=st.integers(0, 10_000),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    threshold=st.floats(0.1, 100),
    minimum=st.integers(1, 100),
)
def test_more_failures_never_make_it_better(
    matched: int, shares: tuple[float, float], threshold: float, minimum: int
) -> None:
    settings = AlertSettings(min_matched_runs=minimum, failure_rate_threshold_pct=threshold)
    fewer, more = sorted(int(matched * share) for share in shares)
    assert level_of(matched, fewer, settings).severity >= level_of(matched, more, settings).severity


@given(matched=st.integers(0, 100), failed=st.integers(0, 100), minimum=st.integers(1, 60))
def test_an_alarming_level_has_a_reason_and_ok_has_none(matched: int, failed: int, minimum: int) -> None:
    settings = AlertSettings(min_matched_runs=minimum)
    for history in (BUSY, FALLEN_SILENT):
        judgement = judge(RunFigures(matched, max(0, matched - failed)), history, settings, NOW)
        assert (judgement.level is AlertLevel.OK) == (judgement.reason is None)


def test_a_rule_that_fell_silent_is_at_warning_for_that() -> None:
    judgement = judge(RunFigures(0, 0), FALLEN_SILENT, SETTINGS, NOW)
    assert (judgement.level, judgement.reason) == (AlertLevel.WARNING, AlertReason.SILENT)


def test_failures_are_told_before_silence() -> None:
    judgement = judge(RunFigures(100, 0), FALLEN_SILENT, SETTINGS, NOW)
    assert (judgement.level, judgement.reason) == (AlertLevel.CRITICAL, AlertReason.FAILURE_RATE)


def test_levels_are_compared_by_how_bad_they_are() -> None:
    assert sorted(AlertLevel, key=lambda level: level.severity) == ["ok", "warning", "critical"]
