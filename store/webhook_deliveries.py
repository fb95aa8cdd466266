"""What is to be delivered to an endpoint, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, update
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.wake_up import Sleeper
from domain.webhooks import Verdict, WebhookDeliveryStatus, WebhookType
from store.paging import Page, PageRequest, page_newest_first
from store.tables import WebhookDelivery, WebhookEndpoint
from store.waking import wake_after_commit

PENDING = WebhookDeliveryStatus.PENDING.value


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt, counted from 1, with what the receiver answered."""

    delivery_id: UUID
    number: int
    at: datetime
    verdict: Verdict
    response_status: int | None
    response_excerpt: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    status: WebhookDeliveryStatus | None = None
    type: WebhookType | None = None


async def add_test(session: AsyncSession, endpoint: WebhookEndpoint, now: datetime) -> WebhookDelivery:
    """A `webhook.test`, whatever types the endpoint wants."""
    delivery = WebhookDelivery(
        endpoint_id=endpoint.id,
        message_id=uuid4(),
        type=WebhookType.TEST.value,
        subject_id=endpoint.id,
        data={"program_id": str(endpoint.program_id), "webhook_id": str(endpoint.id)},
        next_attempt_at=now,
        created_at=now,
    )
    session.add(delivery)
    await session.flush()
    wake_after_commit(session, Sleeper.WEBHOOK, [endpoint.id])
    return delivery


async def lock_delivery(
    session: AsyncSession, endpoint_id: UUID, delivery_id: UUID
) -> WebhookDelivery | None:
    delivery = await session.get(WebhookDelivery, delivery_id, with_for_update=True)
    return delivery if delivery and delivery.endpoint_id == endpoint_id else None


def begin_anew(session: AsyncSession, delivery: WebhookDelivery, now: datetime) -> None:
    """Due at once under the same message id, with the whole schedule of attempts before it."""
    delivery.status = PENDING
    delivery.attempts = 0
    delivery.next_attempt_at = now
    wake_after_commit(session, Sleeper.WEBHOOK, [delivery.endpoint_id])


async def list_deliveries(
    session: AsyncSession, endpoint_id: UUID, wanted: DeliveryFilter, request: PageRequest
) -> Page[WebhookDelivery]:
    statement = select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint_id)
    if wanted.status is not None:
        statement = statement.where(col(WebhookDelivery.status) == wanted.status.value)
    if wanted.type is not None:
        statement = statement.where(col(WebhookDelivery.type) == wanted.type.value)
    return await page_newest_first(
        session, statement, WebhookDelivery.created_at, WebhookDelivery.id, request
    )


async def due_deliveries(
    session: AsyncSession, endpoint_id: UUID, now: datetime, limit: int
) -> Sequence[WebhookDelivery]:
    """In the order in which they were announced."""
    statement = (
        select(WebhookDelivery)
        .where(
            col(WebhookDelivery.endpoint_id) == endpoint_id,
            col(WebhookDelivery.status) == PENDING,
            col(WebhookDelivery.next_attempt_at) <= now,
        )
        .order_by(col(WebhookDelivery.seq))
        .limit(limit)
    )
    return (await session.exec(statement)).all()


async def next_due_at(session: AsyncSession, endpoint_id: UUID) -> datetime | None:
    statement = select(func.min(col(WebhookDelivery.next_attempt_at))).where(
        col(WebhookDelivery.endpoint_id) == endpoint_id, col(WebhookDelivery.status) == PENDING
    )
    return (await session.exec(statement)).one()


async def record_attempt(session: AsyncSession, attempt: AttemptRecord) -> bool:
    """False, and nothing is written, when another attempt has settled it meanwhile, or it is gone."""
    settled = await session.execute(
        update(WebhookDelivery)
        .where(
            col(WebhookDelivery.id) == attempt.delivery_id,
            col(WebhookDelivery.status) == PENDING,
            col(WebhookDelivery.attempts) == attempt.number - 1,
        )
        .values(
            status=attempt.verdict.status.value,
            next_attempt_at=attempt.verdict.next_attempt_at,
            attempts=attempt.number,
            last_attempt_at=attempt.at,
            last_response_status=attempt.response_status,
            last_response_excerpt=attempt.response_excerpt,
            last_error=attempt.error,
        )
        .returning(col(WebhookDelivery.id))
    )
    return settled.scalar_one_or_none() is not None


async def overdue_endpoints(session: AsyncSession, due_before: datetime, limit: int) -> Sequence[UUID]:
    """Enabled endpoints with something that should have been sent by then."""
    overdue = select(WebhookDelivery.id).where(
        col(WebhookDelivery.endpoint_id) == col(WebhookEndpoint.id),
        col(WebhookDelivery.status) == PENDING,
        col(WebhookDelivery.next_attempt_at) < due_before,
    )
    statement = select(WebhookEndpoint.id).where(col(WebhookEndpoint.enabled), overdue.exists()).limit(limit)
    return (await session.exec(statement)).all()


async def discard_deliveries(session: AsyncSession, created_before: datetime) -> None:
    """Forget old ones, sent or not: what is still pending then waits at an endpoint that is switched off."""
    await session.exec(delete(WebhookDelivery).where(col(WebhookDelivery.created_at) < created_before))
