"""Words of people's passes through journeys."""

from enum import StrEnum


class EnrollmentStatus(StrEnum):
    """`waiting_inactivity`: in, once they have been quiet for long enough. `exited`: they left before the end.
    `cancelled`: the end was cut off, by a message that could not be sent and may not be skipped."""

    ACTIVE = "active"
    WAITING_INACTIVITY = "waiting_inactivity"
    COMPLETED = "completed"
    EXITED = "exited"
    CANCELLED = "cancelled"


class ExitReason(StrEnum):
    """Why somebody left a journey before its end."""

    EXIT_CONDITION = "exit_condition"
    JOURNEY_DISABLED = "journey_disabled"
    JOURNEY_DELETED = "journey_deleted"
    OVERDUE_AT_RESUME = "overdue_at_resume"
    HELD_OUT = "held_out"
    BY_RULE = "by_rule"
    BY_OPERATOR = "by_operator"
    BLOCK_GONE = "block_gone"
