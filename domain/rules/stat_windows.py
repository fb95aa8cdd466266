"""The stretches of time that statistics of rules are about. Instants are aware, and answered in UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta


def hour_of(now: datetime) -> datetime:
    """The beginning of the running hour."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def hours_window(now: datetime, hours: int) -> datetime:
    """The beginning of so many last whole hours and the running one."""
    return hour_of(now) - timedelta(hours=hours)


def days_window(now: datetime, days: int) -> datetime:
    """The beginning of so many UTC days, the running one the last of them."""
    return hour_of(now).replace(hour=0) - timedelta(days=days - 1)


def bucket_starts(now: datetime, window_days: int, bucket_days: int) -> Sequence[datetime]:
    """The beginnings of the buckets that a window of days falls into; the last may reach beyond the running day."""
    first = days_window(now, window_days)
    return [first + timedelta(days=days) for days in range(0, window_days, bucket_days)]
