"""Sessions of people: a random token, kept only as a hash, that ends by itself."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, delete, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import User, UserSession

# So that a page of many requests does not write as many rows.
_SEEN_TO_THE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SessionLife:
    """A session ends `idle` after it was used last, and `longest` after the login whatever happens."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True)
class LiveSession:
    record: UserSession
    user: User


async def begin_session(
    session: AsyncSession, user_id: UUID, life: SessionLife, now: datetime
) -> tuple[str, UserSession]:
    """The token, which exists only here and with the person, and what is kept of it."""
    ended = or_(
        col(UserSession.expires_at) <= now,
        col(UserSession.last_seen_at) <= now - life.idle,
    )
    await session.execute(delete(UserSession).where(col(UserSession.user_id) == user_id, ended))
    token = secrets.token_urlsafe(32)
    record = UserSession(
        user_id=user_id,
        token_hash=_hash(token),
        created_at=now,
        last_seen_at=now,
        expires_at=now + life.longest,
    )
    session.add(record)
    return token, record


async def find_session(
    session: AsyncSession, token: str, life: SessionLife, now: datetime
) -> LiveSession | None:
    """The session that has not ended, of a user who is not disabled. It counts as used now."""
    statement = (
        select(UserSession, User)
        .join(User, col(User.id) == col(UserSession.user_id))
        .where(
            col(UserSession.token_hash) == _hash(token),
            col(UserSession.expires_at) > now,
            col(UserSession.last_seen_at) > now - life.idle,
            col(User.disabled_at).is_(None),
        )
    )
    found = (await session.exec(statement)).first()
    if found is None:
        return None
    record, user = found
    if now - record.last_seen_at > _SEEN_TO_THE:
        # In SQL, as a logout may have removed the row meanwhile.
        seen = update(UserSession).where(col(UserSession.id) == record.id).values(last_seen_at=now)
        await session.execute(seen)
    return LiveSession(record, user)


async def end_session(session: AsyncSession, token: str) -> None:
    await session.execute(delete(UserSession).where(col(UserSession.token_hash) == _hash(token)))


async def end_sessions_of(session: AsyncSession, user_id: UUID, besides: UUID | None = None) -> None:
    """All of the user's sessions, but for the one with the id `besides`."""
    statement = delete(UserSession).where(col(UserSession.user_id) == user_id)
    if besides is not None:
        statement = statement.where(col(UserSession.id) != besides)
    await session.execute(statement)


def _hash(token: str) -> str:
    # The token carries 256 random bits, so a slow password hash would add cost and no safety.
    return hashlib.sha256(token.encode()).hexdigest()
