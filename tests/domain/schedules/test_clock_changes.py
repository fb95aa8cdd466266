"""Which instants are near a change of the clocks."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.schedules import validate_timezone
from domain.schedules.clock_changes import near_clock_change

CHANGES = {
    "Europe/Berlin": datetime(2027, 3, 28, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 11, 1, 6, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2027, 4, 3, 15, tzinfo=UTC),
}


@pytest.mark.parametrize("timezone", CHANGES)
@pytest.mark.parametrize("hours", [-25, -1, 0, 1, 25])
def test_a_day_on_either_side_of_a_change_is_near_it(timezone: str, hours: int) -> None:
    assert near_clock_change(CHANGES[timezone] + timedelta(hours=hours), validate_timezone(timezone))


@pytest.mark.parametrize("timezone", CHANGES)
@pytest.mark.parametrize("days", [-3, 3])
def test_a_few_days_away_is_not(timezone: str, days: int) -> None:
    assert not near_clock_change(CHANGES[timezone] + timedelta(days=days), validate_timezone(timezone))


def test_a_zone_without_changes_has_none_near() -> None:
    assert not near_clock_change(datetime(2026, 3, 29, 1, tzinfo=UTC), validate_timezone("Asia/Kathmandu"))
