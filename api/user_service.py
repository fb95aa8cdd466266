"""What the user routes do, on behalf of an admin."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth import ensure_program_allowed, still_admin
from api.errors import ErrorDetails, Refusal, invalid, not_found
from api.schemas.user import CreateUser, PatchUser
from domain.identity import Identity
from domain.roles import Role
from store.passwords import hash_password
from store.programs import get_program
from store.tables import User
from store.user_sessions import end_sessions_of
from store.users import add_user, disable, get_user


class UserService:
    """One per request. An admin bound to a program sees and changes users of that program only."""

    def __init__(self, session: AsyncSession, admin: Identity) -> None:
        self._session = session
        self._admin = admin

    async def create(self, request: CreateUser) -> User:
        program_id = request.program_id or self._admin.program_id
        await self._check_program(program_id)
        user = User(
            email=request.email,
            name=request.name,
            role=request.role.value,
            program_id=program_id,
            password_hash=await asyncio.to_thread(hash_password, request.password),
        )
        if not await add_user(self._session, user):
            details = ErrorDetails(field="email", reason="taken", expected="unique among all users")
            raise Refusal(409, "A user with this e-mail address exists", details)
        return user

    async def get(self, user_id: UUID) -> User:
        user = await get_user(self._session, user_id, self._admin.program_id)
        if user is None:
            raise not_found("User")
        return user

    async def change(self, user_id: UUID, patch: PatchUser) -> User:
        changes = patch.model_dump(exclude_unset=True)
        for field in ("name", "role", "disabled", "password"):
            if field in changes and changes[field] is None:
                raise invalid(field, "null", "a value, or no such field")
        if patch.password is not None and user_id == self._admin.id:
            raise _own_password()
        # Hashed before the row is locked: it takes a while.
        hashed = patch.password and await asyncio.to_thread(hash_password, patch.password)
        user = await self._lock(user_id)
        if "program_id" in changes:
            await self._check_program(patch.program_id)
            self._refuse_oneself(user, patch.program_id not in (None, user.program_id))
            user.program_id = patch.program_id
        if patch.role is not None:
            self._refuse_oneself(user, patch.role is not Role.ADMIN)
            user.role = patch.role.value
        user.name = patch.name or user.name
        if patch.disabled is not None:
            self._refuse_oneself(user, patch.disabled)
            await self._set_disabled(user, patch.disabled)
        if hashed:
            user.password_hash = hashed
            await end_sessions_of(self._session, user.id)
        return user

    async def delete(self, user_id: UUID) -> None:
        user = await self._lock(user_id)
        self._refuse_oneself(user, True)
        await self._session.delete(user)

    async def _lock(self, user_id: UUID) -> User:
        """The user, to be changed by an admin who still is one."""
        self._admin = await still_admin(self._session, self._admin, (user_id,))
        return await self.get(user_id)

    async def _set_disabled(self, user: User, disabled: bool) -> None:
        if not disabled:
            user.disabled_at = None
            return
        disable(user, datetime.now(UTC))
        await end_sessions_of(self._session, user.id)

    async def _check_program(self, program_id: UUID | None) -> None:
        if program_id is None:
            if self._admin.program_id is not None:
                raise Refusal(403, "You are bound to a program, and so are the users you manage")
            return
        ensure_program_allowed(self._admin, program_id)
        if await get_program(self._session, program_id) is None:
            raise invalid("program_id", "no such program", received=str(program_id))

    def _refuse_oneself(self, user: User, loses_power: bool) -> None:
        """So that nobody locks themselves out by a slip."""
        if loses_power and user.id == self._admin.id:
            raise Refusal(409, "Another admin must do this to you")


def _own_password() -> Refusal:
    """Whoever finds a session open shall not take it over for good."""
    details = ErrorDetails(
        field="password", reason="one's own", expected="POST /auth/password, which asks for the current one"
    )
    return Refusal(409, "Your own password is changed at POST /auth/password", details)
