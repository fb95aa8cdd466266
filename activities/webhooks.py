"""Delivering webhooks: at least once, in the order of each subject, the same id and body each time."""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio import activity

from activities.heartbeats import with_heartbeats
from activities.resources import Resources
from channels.webhook import WebhookAnswer, WebhookMessage
from domain.activity_contract import ActivityName, DeliverWebhooks, DeliveryRound
from domain.wake_up import Sleeper, WakeUp
from domain.webhooks import (
    Verdict,
    WebhookDeliveryStatus,
    WebhookType,
    disabled_because,
    envelope,
    judge,
)
from runtime.waking import wake
from store.tables import WebhookDelivery, WebhookEndpoint
from store.webhook_deliveries import (
    AttemptRecord,
    discard_deliveries,
    due_deliveries,
    next_due_at,
    overdue_endpoints,
    record_attempt,
)
from store.webhooks import disable_endpoint, hold_endpoint, note_failure, note_success, signing_secrets

BATCH = 64
SENT_AT_ONCE = 8
# After so long an endpoint makes room for others that wait for a worker.
ROUND = timedelta(seconds=30)
LEFT_TO_ITS_WORKFLOW = timedelta(seconds=20)
TOLD_A_PASS = 1_000


class WebhookActivities:
    def __init__(self, resources: Resources) -> None:
        self._database = resources.database
        self._temporal = resources.temporal
        self._sender = resources.webhooks
        self._settings = resources.settings

    @activity.defn(name=ActivityName.DELIVER_WEBHOOKS)
    async def deliver_webhooks(self, request: DeliverWebhooks) -> DeliveryRound:
        """Send what is due at the endpoint, for half a minute or so. What an interruption leaves is due still."""
        until = datetime.now(UTC) + ROUND
        while True:
            endpoint, batch = await self._due(request.endpoint_id)
            if endpoint is None:
                return DeliveryRound(next_due_at=None)
            if not batch or datetime.now(UTC) >= until or activity.is_worker_shutdown():
                async with self._database.transaction() as session:
                    return DeliveryRound(next_due_at=await next_due_at(session, endpoint.id))
            answers = await with_heartbeats(self._send_all(endpoint, batch))
            if any(answer.slow for answer in answers) and not any(_arrived(answer) for answer in answers):
                async with self._database.transaction() as session:
                    due = await next_due_at(session, endpoint.id)
                    return DeliveryRound(next_due_at=due, give_way=due is not None)

    async def attend(self, now: datetime) -> int:
        """Tell the workflows of endpoints that should have been sent to; answers how many. Forgets the old."""
        async with self._database.transaction() as session:
            retention = timedelta(days=self._settings.webhook_retention_days)
            await discard_deliveries(session, now - retention)
            overdue = await overdue_endpoints(session, now - LEFT_TO_ITS_WORKFLOW, TOLD_A_PASS)
        for endpoint_id in overdue:
            activity.heartbeat()
            wake_up = WakeUp(Sleeper.WEBHOOK, endpoint_id)
            await wake(self._temporal, self._settings.temporal_task_queue, wake_up)
        return len(overdue)

    async def _due(self, endpoint_id: UUID) -> tuple[WebhookEndpoint | None, Sequence[WebhookDelivery]]:
        """The endpoint as it is now, None when it is gone or switched off, and what is due there."""
        async with self._database.transaction() as session:
            endpoint = await session.get(WebhookEndpoint, endpoint_id)
            if endpoint is None or not endpoint.enabled:
                return None, []
            return endpoint, await due_deliveries(session, endpoint_id, datetime.now(UTC), BATCH)

    async def _send_all(
        self, endpoint: WebhookEndpoint, batch: Sequence[WebhookDelivery]
    ) -> list[WebhookAnswer]:
        """One subject's messages one after the other, several subjects at once.

        Once the receiver has hung, no more are begun: they stay due.
        """
        slots = asyncio.Semaphore(SENT_AT_ONCE)
        answers: list[WebhookAnswer] = []

        async def send_in_turn(lane: Sequence[WebhookDelivery]) -> None:
            async with slots:
                for delivery in lane:
                    if any(answer.slow for answer in answers):
                        return
                    answers.append(await self._send(endpoint, delivery))

        lanes: dict[UUID, list[WebhookDelivery]] = {}
        for delivery in batch:
            lanes.setdefault(delivery.subject_id, []).append(delivery)
        await asyncio.gather(*(send_in_turn(lane) for lane in lanes.values()))
        return answers

    async def _send(self, endpoint: WebhookEndpoint, delivery: WebhookDelivery) -> WebhookAnswer:
        at = datetime.now(UTC)
        type_ = WebhookType(delivery.type)
        body = envelope(
            delivery.message_id, type_, delivery.created_at, self._settings.organization_id, delivery.data
        )
        message = WebhookMessage(
            message_id=delivery.message_id,
            url=endpoint.url,
            body=json.dumps(body, separators=(",", ":")),
            secrets=signing_secrets(endpoint, at),
        )
        answer = await self._sender.send(message, at)
        verdict = judge(delivery.message_id, type_, delivery.attempts + 1, answer.status, datetime.now(UTC))
        await self._record(delivery, at, answer, verdict)
        return answer

    async def _record(
        self, delivery: WebhookDelivery, at: datetime, answer: WebhookAnswer, verdict: Verdict
    ) -> None:
        attempt = AttemptRecord(
            delivery_id=delivery.id,
            number=delivery.attempts + 1,
            at=at,
            verdict=verdict,
            response_status=answer.status,
            response_excerpt=answer.excerpt,
            error=answer.error,
        )
        async with self._database.transaction() as session:
            if not (
                await hold_endpoint(session, delivery.endpoint_id) and await record_attempt(session, attempt)
            ):
                return
            if verdict.status is WebhookDeliveryStatus.DELIVERED:
                await note_success(session, delivery.endpoint_id)
                return
            # A test may fail for as long as its author likes.
            if delivery.type == WebhookType.TEST.value:
                return
            since = await note_failure(session, delivery.endpoint_id, at)
            reason = disabled_because(answer.status, since, at)
            if reason is not None:
                await disable_endpoint(session, delivery.endpoint_id, reason, at)


def _arrived(answer: WebhookAnswer) -> bool:
    return answer.status is not None and answer.status < 300
