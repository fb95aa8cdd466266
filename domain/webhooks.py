"""Webhooks: what is announced, when it is tried again, and when an endpoint is given up."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.automation import AutomationStatus
from domain.run_status import RunStatus

API_VERSION = "2026-03-01"
SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105
# For so long after a rotation messages are signed with the secret before it, too.
OLD_SECRET_LIFETIME = timedelta(hours=24)
GIVE_UP_ENDPOINT_AFTER = timedelta(days=3)
GONE = 410

RETRY_DELAYS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# Of each delay so much more at most, so that what failed together does not come back together.
SPREAD = 0.1


class WebhookType(StrEnum):
    AUTOMATION_CREATED = "automation.created"
    AUTOMATION_UPDATED = "automation.updated"
    AUTOMATION_PAUSED = "automation.paused"
    AUTOMATION_RESUMED = "automation.resumed"
    AUTOMATION_COMPLETED = "automation.completed"
    AUTOMATION_FAILED = "automation.failed"
    AUTOMATION_ARCHIVED = "automation.archived"
    RUN_STARTED = "run.started"
    RUN_COMPLETED = "run.completed"
    RUN_FAILED = "run.failed"
    RUN_CANCELLED = "run.cancelled"
    EVENT_RECEIVED = "event.received"
    EVENT_COMPLETED = "event.completed"
    EVENT_FAILED = "event.failed"
    RULE_ACTION = "rule.action"
    RULE_ALERTED = "rule.alerted"
    RULE_RECOVERED = "rule.recovered"
    TEST = "webhook.test"


class WebhookDeliveryStatus(StrEnum):
    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DisabledReason(StrEnum):
    """Why Carillon switched an endpoint off: it answered 410, or nothing arrived for days."""

    GONE = "gone"
    FAILING = "failing"


TYPE_OF_STATUS = {
    AutomationStatus.ACTIVE: WebhookType.AUTOMATION_RESUMED,
    AutomationStatus.PAUSED: WebhookType.AUTOMATION_PAUSED,
    AutomationStatus.COMPLETED: WebhookType.AUTOMATION_COMPLETED,
    AutomationStatus.FAILED: WebhookType.AUTOMATION_FAILED,
    AutomationStatus.ARCHIVED: WebhookType.AUTOMATION_ARCHIVED,
}
TYPE_OF_RUN_STATUS = {
    RunStatus.EXECUTING: WebhookType.RUN_STARTED,
    RunStatus.COMPLETED: WebhookType.RUN_COMPLETED,
    RunStatus.FAILED: WebhookType.RUN_FAILED,
    RunStatus.CANCELLED: WebhookType.RUN_CANCELLED,
}


def types_of_amendment(fields: Collection[str], status: AutomationStatus | None) -> list[WebhookType]:
    """What a patch announces. `fields`: those it sent; `status`: the new one, when it changed."""
    updated = [WebhookType.AUTOMATION_UPDATED] if set(fields) - {"status"} else []
    return updated if status is None else [*updated, TYPE_OF_STATUS[status]]


def envelope(
    message_id: UUID, type_: str, created_at: datetime, organization_id: UUID, data: dict[str, Any]
) -> dict[str, Any]:
    """The body of a message, as JSON values."""
    return {
        "id": str(message_id),
        "type": str(type_),
        "api_version": API_VERSION,
        "created_at": created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "organization_id": str(organization_id),
        "data": data,
    }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a delivery after an attempt; `next_attempt_at` is set while it is pending."""

    status: WebhookDeliveryStatus
    next_attempt_at: datetime | None = None


def judge(message_id: UUID, type_: WebhookType, attempt: int, answer: int | None, now: datetime) -> Verdict:
    """`attempt` counts from 1; `answer` is the receiver's HTTP status, None when there was none."""
    if answer is not None and 200 <= answer < 300:
        return Verdict(WebhookDeliveryStatus.DELIVERED)
    if answer == GONE or type_ is WebhookType.TEST or attempt > len(RETRY_DELAYS):
        return Verdict(WebhookDeliveryStatus.FAILED)
    delay = RETRY_DELAYS[attempt - 1]
    share = (message_id.int % 1_000) / 1_000
    return Verdict(WebhookDeliveryStatus.PENDING, now + delay + delay * SPREAD * share)


def disabled_because(answer: int | None, failing_since: datetime, now: datetime) -> DisabledReason | None:
    """Whether an attempt that failed is the endpoint's last. `failing_since`: when none succeeded any more."""
    if answer == GONE:
        return DisabledReason.GONE
    return DisabledReason.FAILING if now - failing_since >= GIVE_UP_ENDPOINT_AFTER else None
