import pytest

from domain.messages import MessageStatus
from domain.send_gates.breaker import is_to_be_held
from domain.send_policy import HoldAfterFailures

SENT, FAILED, UNKNOWN = MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.UNKNOWN


@pytest.mark.parametrize(
    ("last", "held"),
    [
        ([FAILED] * 9, False),
        ([FAILED] * 10, True),
        ([FAILED] * 5 + [SENT] * 5, True),
        ([FAILED] * 4 + [SENT] * 6, False),
        ([FAILED] * 3 + [UNKNOWN] * 2 + [SENT] * 5, True),
        ([SENT] * 10, False),
    ],
)
def test_a_run_is_held_once_enough_of_its_last_messages_were_lost(
    last: list[MessageStatus], held: bool
) -> None:
    assert is_to_be_held(last, HoldAfterFailures(percentage=50, of_last=10)) is held
