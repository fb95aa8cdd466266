"""Rules that stop matching, and reasons for it that are no alarm."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.control import ControlState
from domain.rules.effective_state import effective_state
from domain.rules.schedule_settings import ScheduleSettings
from domain.rules.silence import DAY, MatchHistory, is_silent, listening_since
from tests.domain.rules.schedules import schedule

NOW = datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=30)
RUNNING = ControlState(is_paused=False, paused_until=None)
days = st.lists(st.integers(0, 40), min_size=8, max_size=8)


def heard_since(
    *,
    is_active: bool = True,
    snoozed_until: datetime | None = None,
    pause: ControlState = RUNNING,
    settings: ScheduleSettings | None = None,
    changed_at: datetime = LONG_AGO,
) -> datetime | None:
    state = effective_state(UUID(int=1), is_active, snoozed_until, pause, settings, NOW)
    return listening_since(state, settings, [changed_at, snoozed_until, pause.paused_until], NOW)


def silent(by_day: list[int], since: datetime | None = LONG_AGO, *, already: bool = False) -> bool:
    return is_silent(MatchHistory(by_day, since), 10, NOW, already=already)


def test_a_day_without_a_match_after_seven_busy_ones_is_silence() -> None:
    assert silent([0, *[10] * 7])


@given(days)
def test_a_rule_that_matches_is_never_silent(by_day: list[int]) -> None:
    assert not silent([1, *by_day[1:]])
    assert not silent([1, *by_day[1:]], already=True)


@given(days, st.integers(1, 7))
def test_one_quiet_day_among_those_before_makes_silence_nothing_unusual(
    by_day: list[int], quiet: int
) -> None:
    by_day[0], by_day[quiet] = 0, 9
    assert not silent(by_day)


@given(days)
def test_silence_lasts_until_something_matches(by_day: list[int]) -> None:
    assert silent([0, *by_day[1:]], already=True)


def test_a_rule_that_began_to_listen_within_the_day_is_not_silent_yet() -> None:
    busy = [0, *[10] * 7]
    assert silent(busy, NOW - DAY)
    assert not silent(busy, NOW - DAY + timedelta(seconds=1))


def test_a_rule_that_does_not_listen_is_not_silent() -> None:
    assert not silent([0, *[10] * 7], None)
    assert not silent([0, *[10] * 7], None, already=True)


def test_a_rule_listens_since_it_was_last_changed() -> None:
    assert heard_since() == LONG_AGO
    assert heard_since(changed_at=NOW - timedelta(hours=2)) == NOW - timedelta(hours=2)


def test_a_rule_listens_since_its_snooze_or_the_pause_ended() -> None:
    an_hour_ago = NOW - timedelta(hours=1)
    assert heard_since(snoozed_until=an_hour_ago) == an_hour_ago
    assert heard_since(pause=ControlState(is_paused=True, paused_until=an_hour_ago)) == an_hour_ago


@pytest.mark.parametrize(
    "circumstances",
    [
        {"is_active": False},
        {"snoozed_until": NOW + timedelta(hours=1)},
        {"pause": ControlState(is_paused=True, paused_until=None)},
        {"settings": schedule(blackout_dates=["2026-03-08"])},
    ],
    ids=["switched off", "snoozed", "paused", "resting"],
)
def test_a_rule_that_something_holds_does_not_listen(circumstances: dict[str, object]) -> None:
    assert heard_since(**circumstances) is None  # type: ignore[arg-type]


def test_a_day_off_by_the_calendar_is_no_silence_on_the_day_after() -> None:
    assert heard_since(settings=schedule(blackout_dates=["2026-03-07"])) == datetime(2026, 3, 8, tzinfo=UTC)


def test_a_rule_that_rests_every_night_listens_since_its_morning() -> None:
    by_day = schedule(windows=[{"start": "08:00", "end": "20:00"}])
    assert heard_since(settings=by_day) == datetime(2026, 3, 8, 8, tzinfo=UTC)


def test_a_schedule_that_never_rests_makes_no_difference() -> None:
    assert heard_since(settings=schedule(windows=[{"start": "00:00", "end": "24:00"}])) == NOW - DAY
