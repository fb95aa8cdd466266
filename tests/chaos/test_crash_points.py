"""A sender that is killed, at each point of claim, call and settle, for each channel and policy."""

from collections.abc import AsyncIterator

import pytest

from bench.crash_points import CASES, Case, Point, Scene, scene
from domain.delivery_policy import DeliveryPolicy

SENDS = 8
IN_DOUBT = (Point.TAKEN, Point.ANSWERED)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
async def crashes(postgres_address: str, database_url: str) -> AsyncIterator[Scene]:
    async with scene(postgres_address) as crashes:
        yield crashes


@pytest.mark.parametrize("point", Point)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_nothing_is_lost_and_only_what_is_declared_is_in_doubt_or_doubled(
    crashes: Scene, case: Case, point: Point
) -> None:
    sends = min(SENDS, crashes.providers[case.provider].at_once)
    outcome = await crashes.crash(case, point, sends)
    assert outcome.lost == 0
    assert outcome.once + outcome.duplicated + outcome.unknown == sends
    # Who sends texts can be asked what it took; mail servers, devices and Apprise cannot.
    can_be_doubled = (
        case.policy is DeliveryPolicy.AT_LEAST_ONCE and not case.is_by_twilio and point in IN_DOUBT
    )
    assert outcome.duplicated == (sends if can_be_doubled else 0)
    if case.policy is not DeliveryPolicy.AT_MOST_ONCE or point is Point.SETTLED:
        assert outcome.unknown == 0
    elif point is Point.CLAIMED:
        assert outcome.unknown_not_arrived == sends
    else:
        assert outcome.unknown_arrived == (0 if case.is_by_twilio else sends)
