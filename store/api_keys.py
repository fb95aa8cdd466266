"""API keys: random, shown once, kept only as a hash."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.identity import CallerKind, Identity
from domain.roles import SCOPES_BY_ROLE, Role, ScopeName
from store.paging import Page, PageRequest, page_newest_first
from store.tables import ApiKey

KEY_PREFIX = "sk_"


@dataclass(frozen=True, slots=True)
class NewKey:
    """`secret` exists only here and in the hands of whoever asked for it."""

    secret: str
    record: ApiKey


def hash_key(secret: str) -> str:
    # The key carries 256 random bits, so a slow password hash would add cost and no safety.
    return hashlib.sha256(secret.encode()).hexdigest()


def new_key(name: str, role: Role, program_id: UUID | None, secret: str | None = None) -> NewKey:
    secret = secret or KEY_PREFIX + secrets.token_urlsafe(32)
    record = ApiKey(
        name=name,
        prefix=secret[: len(KEY_PREFIX) + 6],
        key_hash=hash_key(secret),
        role=role.value,
        scopes=[scope.value for scope in SCOPES_BY_ROLE[role]],
        program_id=program_id,
    )
    return NewKey(secret, record)


def identity_of_key(key: ApiKey) -> Identity:
    scopes = frozenset(ScopeName(scope) for scope in key.scopes)
    return Identity(CallerKind.API_KEY, key.id, key.name, Role(key.role), scopes, key.program_id)


async def store_key(session: AsyncSession, key: NewKey) -> None:
    """Idempotent: the same secret is stored once."""
    values = key.record.model_dump()
    await session.execute(insert(ApiKey).values(**values).on_conflict_do_nothing(index_elements=["key_hash"]))


async def find_key(session: AsyncSession, secret: str) -> ApiKey | None:
    statement = select(ApiKey).where(
        col(ApiKey.key_hash) == hash_key(secret), col(ApiKey.revoked_at).is_(None)
    )
    return (await session.exec(statement)).first()


class LastAdminError(Exception):
    """No other admin's key would be left that reaches as far."""


async def list_keys(session: AsyncSession, only: UUID | None, request: PageRequest) -> Page[ApiKey]:
    """Newest first, revoked ones too; `only` restricts the list to keys bound to one program."""
    statement = select(ApiKey)
    if only is not None:
        statement = statement.where(col(ApiKey.program_id) == only)
    return await page_newest_first(session, statement, ApiKey.created_at, ApiKey.id, request)


async def revoke_key(session: AsyncSession, key_id: UUID, only: UUID | None = None) -> ApiKey | None:
    """Idempotent; None when there is no such key among those of program `only`. Raises LastAdminError."""
    # Every revocation locks the admins in one order, so two admins cannot revoke each other at once.
    admins = await lock_admin_keys(session)
    key = await session.get(ApiKey, key_id)
    if key is None or (only is not None and key.program_id != only):
        return None
    if key.revoked_at is None:
        others = [
            admin for admin in admins if admin.id != key.id and admin.program_id in {None, key.program_id}
        ]
        if key.role == Role.ADMIN.value and not others:
            raise LastAdminError
        key.revoked_at = datetime.now(UTC)
    return key


async def lock_admin_keys(session: AsyncSession) -> list[ApiKey]:
    """Those that are not revoked, by their ids."""
    statement = select(ApiKey).where(col(ApiKey.role) == Role.ADMIN.value, col(ApiKey.revoked_at).is_(None))
    return list((await session.exec(statement.order_by(col(ApiKey.id)).with_for_update())).all())
