"""What is done with a send whose outcome nobody has heard of, because a worker died or a link broke."""

from enum import StrEnum


class DeliveryPolicy(StrEnum):
    """`at_most_once` leaves it `unknown`; `at_least_once` sends it again when a worker died, under the same key.

    `exactly_once` sends it again as often as it takes: whoever receives it tells repeats by the key.
    """

    AT_MOST_ONCE = "at_most_once"
    AT_LEAST_ONCE = "at_least_once"
    EXACTLY_ONCE = "exactly_once"
