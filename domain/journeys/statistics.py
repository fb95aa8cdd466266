"""What can be counted of journeys, and by what."""

from enum import StrEnum


class Metric(StrEnum):
    """`entered`: passes that began, or by block, passes that came to it. `exited`: left before the end. `converted`:
    reached a goal. The others: messages, each counted when it happened to them first."""

    ENTERED = "entered"
    COMPLETED = "completed"
    EXITED = "exited"
    CANCELLED = "cancelled"
    CONVERTED = "converted"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    REPLIED = "replied"
    UNSUBSCRIBED = "unsubscribed"
    SKIPPED = "skipped"
    FAILED = "failed"


class Dimension(StrEnum):
    AUTOMATION = "automationID"
    BLOCK = "blockID"
    TIMESTAMP = "timestamp"


class Granularity(StrEnum):
    """By the program's calendar."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
