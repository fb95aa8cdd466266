"""People who log in."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.identity import CallerKind, Identity
from domain.roles import SCOPES_BY_ROLE, Role
from store.paging import Page, PageRequest, page_newest_first
from store.tables import User


def identity_of_user(user: User) -> Identity:
    role = Role(user.role)
    scopes = frozenset(SCOPES_BY_ROLE[role])
    return Identity(CallerKind.USER, user.id, user.name, role, scopes, user.program_id)


async def add_user(session: AsyncSession, user: User) -> bool:
    """False when another has the address."""
    statement = insert(User).values(**user.model_dump()).on_conflict_do_nothing(index_elements=["email"])
    added = await session.execute(statement.returning(col(User.id)))
    return added.first() is not None


async def get_user(
    session: AsyncSession, user_id: UUID, only: UUID | None = None, *, lock: bool = False
) -> User | None:
    """None when there is no such user among those of program `only`; without it, among all."""
    user = await session.get(User, user_id, with_for_update=lock)
    return user if user is not None and only in (None, user.program_id) else None


async def lock_users(session: AsyncSession, ids: Collection[UUID]) -> list[User]:
    """Those of them that exist, by their ids: whoever locks several does so in one order."""
    statement = select(User).where(col(User.id).in_(ids)).order_by(col(User.id))
    return list((await session.exec(statement.with_for_update())).all())


async def user_with_email(session: AsyncSession, email: str, *, lock: bool = False) -> User | None:
    statement = select(User).where(col(User.email) == email)
    return (await session.exec(statement.with_for_update() if lock else statement)).first()


async def list_users(session: AsyncSession, only: UUID | None, request: PageRequest) -> Page[User]:
    """Newest first, disabled ones too; `only` restricts the list to those bound to one program."""
    statement = select(User)
    if only is not None:
        statement = statement.where(col(User.program_id) == only)
    return await page_newest_first(session, statement, User.created_at, User.id, request)


def disable(user: User, at: datetime) -> None:
    """They are refused from now on. Idempotent: the first instant stays."""
    user.disabled_at = user.disabled_at or at
