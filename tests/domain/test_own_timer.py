"""The fires that an automation keeps by its own timer."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.firing import SHORT_TICK_GRACE, TICK_GRACE, OwnTimer, own_timer

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NO_JITTER = timedelta(0)


def test_a_cron_fire_is_kept_with_a_grace_for_the_schedules_tick() -> None:
    fire = datetime(2026, 6, 2, 9, tzinfo=UTC)
    kept = own_timer("Europe/Berlin", NO_JITTER, fire, None, NOW)
    assert kept == OwnTimer(nominal_at=fire, wake_at=fire + TICK_GRACE)


def test_the_grace_is_short_where_the_clocks_change() -> None:
    fire = datetime(2027, 3, 28, 1, tzinfo=UTC)
    kept = own_timer("Europe/Berlin", NO_JITTER, fire, None, NOW)
    assert kept == OwnTimer(nominal_at=fire, wake_at=fire + SHORT_TICK_GRACE)


def test_the_tick_may_use_up_its_jitter_first() -> None:
    fire = datetime(2026, 6, 2, 9, tzinfo=UTC)
    kept = own_timer("UTC", timedelta(minutes=10), fire, None, NOW)
    assert kept is not None
    assert kept.wake_at == fire + timedelta(minutes=10) + TICK_GRACE


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 6, 1, 12, 0, 10)))  # noqa: DTZ001
def test_a_one_time_instant_that_is_past_or_near_is_kept_to_the_second_and_never_early(
    naive: datetime,
) -> None:
    due = naive.replace(tzinfo=UTC)
    kept = own_timer("UTC", NO_JITTER, None, due, NOW)
    assert kept is not None
    assert due <= kept.nominal_at < due + timedelta(seconds=1)
    assert kept.wake_at == kept.nominal_at


def test_a_one_time_instant_further_off_is_the_schedules() -> None:
    assert own_timer("UTC", NO_JITTER, None, NOW + timedelta(minutes=1), NOW) is None


def test_what_has_no_next_fire_keeps_none() -> None:
    assert own_timer("UTC", NO_JITTER, None, None, NOW) is None
