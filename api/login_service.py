"""Logging in: the password checked, as often as the limits allow, and a session begun."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from typing import NoReturn
from uuid import UUID

from api.errors import Refusal
from api.slots import Slots
from domain.login_credentials import login_email
from domain.login_limits import LoginSubject, account_subject, address_subject
from store.database import Database
from store.login_attempts import begin_attempt, forgive_attempts
from store.passwords import hash_password, is_outdated, is_password
from store.tables import User, UserSession
from store.user_sessions import SessionLife, begin_session, end_sessions_of
from store.users import get_user, user_with_email


@dataclass(frozen=True, slots=True)
class LoggedIn:
    token: str
    session: UserSession
    user: User


@dataclass(frozen=True, slots=True)
class LoginService:
    """One per request; `host` is the network address it came from."""

    database: Database
    slots: Slots
    life: SessionLife
    host: str

    async def log_in(self, email: str, password: str) -> LoggedIn:
        """Raises a Refusal: 401 whatever is wrong, 429 after too many attempts."""
        try:
            email = login_email(email)
        except ValueError:
            # Nobody has it; the answer takes as long, and says as little, as any other.
            email = email.lower()
        async with self.slots.one():
            user = await self._checked(email, password)
            if user is None:
                _refuse()
            renewed = None
            if is_outdated(user.password_hash):
                renewed = await asyncio.to_thread(hash_password, password)
        async with self.database.transaction() as session:
            known = user.password_hash
            current = await get_user(session, user.id, lock=True)
            if current is None or current.disabled_at is not None or current.password_hash != known:
                _refuse()
            current.password_hash = renewed or known
            token, record = await begin_session(session, current.id, self.life, datetime.now(UTC))
        return LoggedIn(token, record, current)

    async def change_password(self, user: User, session_id: UUID, current: str, new: str) -> bool:
        """False when `current` is wrong. Ends the user's other sessions."""
        async with self.slots.one():
            if await self._checked(user.email, current) is None:
                return False
            hashed = await asyncio.to_thread(hash_password, new)
        async with self.database.transaction() as session:
            locked = await get_user(session, user.id, lock=True)
            if locked is None:
                return False
            locked.password_hash = hashed
            await end_sessions_of(session, user.id, besides=session_id)
        return True

    async def _checked(self, email: str, password: str) -> User | None:
        """Whose password it is; None also for who is disabled. Raises a Refusal after too many attempts."""
        account, address = account_subject(email), address_subject(self.host)
        now = datetime.now(UTC)
        async with self.database.transaction() as session:
            free_at = await begin_attempt(session, (account, address), now)
            user = await user_with_email(session, email)
        if free_at is not None:
            seconds = max(1, ceil((free_at - now).total_seconds()))
            headers = {"Retry-After": str(seconds)}
            raise Refusal(429, "Too many attempts to log in; wait before the next one", headers=headers)
        known = None if user is None else user.password_hash
        matches = await asyncio.to_thread(is_password, password, known)
        if user is None or not matches or user.disabled_at is not None:
            return None
        await self._forgive(account, address, now)
        return user

    async def _forgive(self, account: LoginSubject, address: LoginSubject, at: datetime) -> None:
        async with self.database.transaction() as session:
            await forgive_attempts(session, account, address, at)


def _refuse() -> NoReturn:
    message = "The e-mail address or the password is wrong"
    raise Refusal(401, message, headers={"WWW-Authenticate": "Bearer"})
