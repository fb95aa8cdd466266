from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.rules.active_days import ActiveDays
from domain.rules.active_intervals import active_intervals, is_active
from domain.rules.schedule_settings import ScheduleSettings
from tests.domain.rules.schedules import schedules_and_spans


@given(schedules_and_spans(), st.lists(st.integers(0, 4_000), max_size=5))
def test_it_is_active_just_when_the_schedule_is(
    drawn: tuple[ScheduleSettings, datetime, datetime], minutes: list[int]
) -> None:
    settings, start, end = drawn
    bounds = [at for part in active_intervals(settings, start, end) for at in (part.start, part.end)]
    just_before = [at - datetime.resolution for at in bounds]
    days = ActiveDays(settings)
    for at in [*bounds, *just_before, *(start + timedelta(minutes=minute) for minute in minutes)]:
        assert days.is_active(at) is is_active(settings, at)
