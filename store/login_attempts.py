"""Attempts to log in, counted before the password is looked at, so that no burst gets past the limit."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.login_limits import WINDOW, LoginSubject
from store.tables import LoginAttempt

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:subject, 0))")
# The attempt after which, once it is older than the window, another one is allowed.
_HINDERING = text(
    "SELECT at FROM login_attempt WHERE subject = :subject AND at > :since ORDER BY at DESC OFFSET :limit - 1 LIMIT 1"
)


async def begin_attempt(
    session: AsyncSession, subjects: Sequence[LoginSubject], now: datetime
) -> datetime | None:
    """Count an attempt against each subject. Where one is at its limit nothing is counted, and the answer
    is when it may be tried again."""
    since = now - WINDOW
    free_at: datetime | None = None
    # In one order, so that two attempts do not wait for each other.
    for subject in sorted(subjects, key=lambda each: each.digest):
        await session.execute(_LOCK, {"subject": subject.digest})
        values = {"subject": subject.digest, "since": since, "limit": subject.limit}
        hindering = (await session.execute(_HINDERING, values)).scalar_one_or_none()
        if hindering is not None:
            free_at = max(free_at or hindering + WINDOW, hindering + WINDOW)
    if free_at is None:
        session.add_all(LoginAttempt(subject=subject.digest, at=now) for subject in subjects)
        old = select(LoginAttempt.id).where(col(LoginAttempt.at) <= since).with_for_update(skip_locked=True)
        await session.execute(delete(LoginAttempt).where(col(LoginAttempt.id).in_(old)))
    return free_at


async def forgive_attempts(
    session: AsyncSession, account: LoginSubject, address: LoginSubject, at: datetime
) -> None:
    """After a login: all attempts at the account, and of those of the address this one, made `at`."""
    await session.execute(delete(LoginAttempt).where(col(LoginAttempt.subject) == account.digest))
    mine = (col(LoginAttempt.subject) == address.digest, col(LoginAttempt.at) == at)
    await session.execute(delete(LoginAttempt).where(*mine))
