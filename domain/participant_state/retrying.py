"""What a failed effect means for a subscription: a few retries, then the rhythm goes on without it."""

from dataclasses import replace
from datetime import datetime, timedelta

from domain.participant_state.standing import Standing, SubscriptionStatus

RETRY_AFTER = timedelta(minutes=5)
"""Doubled with each retry."""
MAX_RETRIES = 3


def after_failure(standing: Standing, error: str, now: datetime) -> Standing:
    """Retry, but not later than the next regular trigger. When retries are used up and no trigger is left: failed."""
    if standing.status in (SubscriptionStatus.CANCELLED, SubscriptionStatus.FAILED):
        return standing
    regular = standing.next_trigger_at
    if standing.retry_count >= MAX_RETRIES:
        spent = standing.status is SubscriptionStatus.COMPLETED
        status = SubscriptionStatus.FAILED if spent else standing.status
        return replace(standing, status=status, retry_count=0, regular_trigger_at=None, last_error=error)
    retry = now + RETRY_AFTER * 2**standing.retry_count
    return replace(
        standing,
        status=SubscriptionStatus.ACTIVE,
        next_trigger_at=retry if regular is None else min(retry, regular),
        regular_trigger_at=regular,
        retry_count=standing.retry_count + 1,
        last_error=error,
    )


def after_success(standing: Standing) -> Standing:
    """What was sent needs no retry; an error that stops the subscription itself stays."""
    if standing.status is SubscriptionStatus.FAILED:
        return standing
    return replace(standing, retry_count=0, regular_trigger_at=None, last_error=None)


def is_retry(standing: Standing, now: datetime) -> bool:
    """Whether what is due is a retry, and not the regular trigger that has meanwhile come due itself."""
    regular = standing.regular_trigger_at
    return standing.retry_count > 0 and (regular is None or regular > now)
