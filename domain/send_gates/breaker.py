"""When a run is held, because too many of its last messages did not arrive."""

from collections.abc import Sequence

from domain.messages import MessageStatus
from domain.send_policy import HoldAfterFailures

LOST = frozenset({MessageStatus.FAILED, MessageStatus.UNKNOWN})


def is_to_be_held(last: Sequence[MessageStatus], limit: HoldAfterFailures) -> bool:
    """`last`: how its newest messages ended, at most `of_last` of them. Fewer say too little to hold a run."""
    if len(last) < limit.of_last:
        return False
    return lost_among(last) * 100 >= limit.percentage * len(last)


def lost_among(last: Sequence[MessageStatus]) -> int:
    return sum(status in LOST for status in last)
