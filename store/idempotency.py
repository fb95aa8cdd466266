"""Requests that their clients may repeat: claimed by one attempt at a time, answered once, kept for a day."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import IdempotencyKey

LIFETIME = timedelta(hours=24)
# Longer than requests take, as a second attempt beside a living one is what keys are to prevent. Only waiting for a run
# takes longer: there a second attempt finds, by its request_id, the run of the first.
CLAIM_LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class RepeatableRequest:
    """`scope` is whose key it is; `request` names the route for people, `request_hash` is compared."""

    scope: str
    key_hash: str
    request: str
    request_hash: str


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: str | None
    body: str


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry the request out. `request_id` is the same for each attempt at it."""

    request_id: UUID
    attempt: UUID


class KeyReusedError(Exception):
    """The key was used for another request."""


class InProgressError(Exception):
    """Another attempt at the request has not ended."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


def key_hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


async def claim_request(session: AsyncSession, request: RepeatableRequest, now: datetime) -> Claim | Answer:
    """The answer if there is one, else a claim. Raises KeyReusedError and InProgressError."""
    attempt = uuid4()
    await session.execute(
        insert(IdempotencyKey)
        .values(**_fresh(request, attempt, now).model_dump())
        .on_conflict_do_nothing(index_elements=["scope", "key_hash"])
    )
    found = await _locked(session, request)
    if found is None:
        raise InProgressError(now)
    if found.claim == attempt:
        return Claim(found.id, attempt)
    if found.expires_at <= now:
        fresh = _fresh(request, attempt, now)
        await session.exec(
            update(IdempotencyKey).where(col(IdempotencyKey.id) == found.id).values(**fresh.model_dump())
        )
        return Claim(fresh.id, attempt)
    if found.request_hash != request.request_hash:
        raise KeyReusedError
    if found.status is not None:
        return Answer(found.status, found.content_type, found.body or "")
    if found.claimed_until > now:
        raise InProgressError(found.claimed_until)
    found.claim = attempt
    found.claimed_until = now + CLAIM_LIFETIME
    return Claim(found.id, attempt)


async def keep_answer(session: AsyncSession, claim: Claim, answer: Answer) -> None:
    """Nothing happens when the claim has passed to another attempt."""
    values = {"status": answer.status, "content_type": answer.content_type, "body": answer.body}
    await session.exec(update(IdempotencyKey).where(*_held(claim)).values(**values))


async def release_request(session: AsyncSession, claim: Claim, now: datetime) -> None:
    """The attempt ended without an answer worth keeping: the next one may start at once."""
    await session.exec(update(IdempotencyKey).where(*_held(claim)).values(claimed_until=now))


async def discard_expired_requests(session: AsyncSession, now: datetime) -> int:
    gone = await session.exec(delete(IdempotencyKey).where(col(IdempotencyKey.expires_at) <= now))
    return int(gone.rowcount)


def _fresh(request: RepeatableRequest, attempt: UUID, now: datetime) -> IdempotencyKey:
    return IdempotencyKey(
        scope=request.scope,
        key_hash=request.key_hash,
        request=request.request,
        request_hash=request.request_hash,
        claim=attempt,
        claimed_until=now + CLAIM_LIFETIME,
        created_at=now,
        expires_at=now + LIFETIME,
    )


async def _locked(session: AsyncSession, request: RepeatableRequest) -> IdempotencyKey | None:
    """None in the instant after upkeep discarded it."""
    statement = select(IdempotencyKey).where(
        col(IdempotencyKey.scope) == request.scope, col(IdempotencyKey.key_hash) == request.key_hash
    )
    return (await session.exec(statement.with_for_update())).one_or_none()


def _held(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        col(IdempotencyKey.id) == claim.request_id,
        col(IdempotencyKey.claim) == claim.attempt,
        col(IdempotencyKey.status).is_(None),
    )
