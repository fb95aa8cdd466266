from datetime import UTC, datetime, timedelta

import pytest

from domain.rules.control import ControlState

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MOMENT = timedelta.resolution


@pytest.mark.parametrize(
    ("is_paused", "paused_until", "holds"),
    [
        (True, None, True),
        (True, NOW + MOMENT, True),
        (True, NOW, False),
        (True, NOW - MOMENT, False),
        (False, None, False),
        (False, NOW + MOMENT, False),
    ],
)
def test_a_pause_holds_until_its_end_and_without_one_for_as_long_as_it_is_set(
    is_paused: bool, paused_until: datetime | None, holds: bool
) -> None:
    assert ControlState(is_paused, paused_until).holds(NOW) is holds
