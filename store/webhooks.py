"""Webhook endpoints: where a program's messages go, and with which secret they are signed."""

import base64
import secrets
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.webhooks import OLD_SECRET_LIFETIME, SECRET_BYTES, SECRET_PREFIX, DisabledReason
from store.paging import Page, PageRequest, page_newest_first
from store.tables import WebhookEndpoint


def new_secret() -> str:
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


async def get_endpoint(session: AsyncSession, program_id: UUID, endpoint_id: UUID) -> WebhookEndpoint | None:
    endpoint = await session.get(WebhookEndpoint, endpoint_id)
    return endpoint if endpoint and endpoint.program_id == program_id else None


async def lock_endpoint(session: AsyncSession, program_id: UUID, endpoint_id: UUID) -> WebhookEndpoint | None:
    endpoint = await session.get(WebhookEndpoint, endpoint_id, with_for_update=True)
    return endpoint if endpoint and endpoint.program_id == program_id else None


async def hold_endpoint(session: AsyncSession, endpoint_id: UUID) -> bool:
    """Keep it from being changed or removed; False when it is gone.

    Whoever writes to deliveries and to their endpoint holds the endpoint first, or two of them could wait for each
    other: its removal takes the deliveries with it.
    """
    statement = select(WebhookEndpoint.id).where(col(WebhookEndpoint.id) == endpoint_id)
    return (await session.exec(statement.with_for_update(key_share=True))).one_or_none() is not None


async def list_endpoints(
    session: AsyncSession, program_id: UUID, request: PageRequest
) -> Page[WebhookEndpoint]:
    statement = select(WebhookEndpoint).where(col(WebhookEndpoint.program_id) == program_id)
    return await page_newest_first(
        session, statement, WebhookEndpoint.created_at, WebhookEndpoint.id, request
    )


async def known_endpoints(
    session: AsyncSession, program_id: UUID, endpoint_ids: Collection[UUID]
) -> set[UUID]:
    """Those of `endpoint_ids` that are the program's."""
    if not endpoint_ids:
        return set()
    statement = select(WebhookEndpoint.id).where(
        col(WebhookEndpoint.program_id) == program_id, col(WebhookEndpoint.id).in_(endpoint_ids)
    )
    return set(await session.exec(statement))


async def count_endpoints(session: AsyncSession, program_id: UUID) -> int:
    statement = select(func.count()).where(col(WebhookEndpoint.program_id) == program_id)
    return (await session.exec(statement)).one()


def rotate_secret(endpoint: WebhookEndpoint, now: datetime) -> None:
    """A new secret; the one before it goes on signing for OLD_SECRET_LIFETIME, one older than that no more."""
    endpoint.previous_secret = endpoint.secret
    endpoint.previous_secret_until = now + OLD_SECRET_LIFETIME
    endpoint.secret = new_secret()


def signing_secrets(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    """The secrets that a message is signed with, the newest first."""
    until = endpoint.previous_secret_until
    if endpoint.previous_secret is None or until is None or until <= now:
        return [endpoint.secret]
    return [endpoint.secret, endpoint.previous_secret]


async def note_success(session: AsyncSession, endpoint_id: UUID) -> None:
    await session.execute(
        update(WebhookEndpoint)
        .where(col(WebhookEndpoint.id) == endpoint_id, col(WebhookEndpoint.failing_since).is_not(None))
        .values(failing_since=None)
    )


async def note_failure(session: AsyncSession, endpoint_id: UUID, now: datetime) -> datetime:
    """Since when nothing has arrived there any more."""
    since = await session.execute(
        update(WebhookEndpoint)
        .where(col(WebhookEndpoint.id) == endpoint_id)
        .values(failing_since=func.coalesce(col(WebhookEndpoint.failing_since), now))
        .returning(col(WebhookEndpoint.failing_since))
    )
    failing_since: datetime = since.scalar_one()
    return failing_since


async def disable_endpoint(
    session: AsyncSession, endpoint_id: UUID, reason: DisabledReason, now: datetime
) -> None:
    await session.execute(
        update(WebhookEndpoint)
        .where(col(WebhookEndpoint.id) == endpoint_id)
        .values(enabled=False, disabled_reason=reason.value, updated_at=now)
    )
