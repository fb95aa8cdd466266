import asyncio
import hashlib
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from store.api_keys import KEY_PREFIX, SCOPES_BY_ROLE, NewKey, Role, find_key, hash_key, new_key, store_key
from store.database import Database
from store.tables import ApiKey


async def stored(database: Database, key: NewKey) -> ApiKey | None:
    async with database.transaction() as session:
        return await find_key(session, key.secret)


async def store(database: Database, key: NewKey) -> None:
    async with database.transaction() as session:
        await store_key(session, key)


async def test_a_key_is_found_by_its_secret(database: Database, program_id: UUID) -> None:
    key = new_key("crm", Role.AGENT, program_id)
    assert await stored(database, key) is None
    await store(database, key)
    found = await stored(database, key)
    assert found is not None
    assert (found.id, found.name, found.role) == (key.record.id, "crm", "agent")
    assert (found.scopes, found.program_id) == (["automations.read"], program_id)


async def test_only_a_hash_of_the_secret_is_stored(database: Database) -> None:
    key = new_key("crm", Role.ADMIN, None)
    await store(database, key)
    async with database.transaction() as session:
        rows = await session.execute(
            text("SELECT row_to_json(k)::text FROM api_key k WHERE key_hash = :hash"),
            {"hash": hash_key(key.secret)},
        )
        (row,) = rows.scalars().all()
    assert key.secret not in row
    assert key.secret.removeprefix(KEY_PREFIX)[6:] not in row
    assert hashlib.sha256(key.secret.encode()).hexdigest() in row


async def test_a_revoked_key_is_not_found(database: Database) -> None:
    key = new_key("crm", Role.ADMIN, None)
    await store(database, key)
    async with database.transaction() as session:
        found = await find_key(session, key.secret)
        assert found is not None
        found.revoked_at = datetime.now(UTC)
    assert await stored(database, key) is None
    await store(database, new_key("crm", Role.ADMIN, None, secret=key.secret))
    assert await stored(database, key) is None, "storing a revoked key again brought it back"


@pytest.mark.parametrize(
    "change", [str.upper, lambda secret: secret[:-1], lambda secret: f"{secret} ", lambda _: ""]
)
async def test_no_other_secret_finds_the_key(database: Database, change: object) -> None:
    assert callable(change)
    key = new_key("crm", Role.ADMIN, None, secret="sk_abcdefghijklmnop")
    await store(database, key)
    async with database.transaction() as session:
        assert await find_key(session, change(key.secret)) is None
        assert await find_key(session, hash_key(key.secret)) is None


async def test_storing_a_key_twice_at_once_stores_it_once(database: Database) -> None:
    first = new_key("setup", Role.ADMIN, None)
    again = [new_key("setup", Role.ADMIN, None, secret=first.secret) for _ in range(4)]
    await asyncio.gather(*(store(database, key) for key in (first, *again)))
    async with database.transaction() as session:
        found = await session.execute(
            text("SELECT count(*) FROM api_key WHERE key_hash = :hash"), {"hash": hash_key(first.secret)}
        )
        assert found.scalar_one() == 1


def test_new_secrets_are_long_and_never_alike() -> None:
    secrets = {new_key("crm", Role.VIEWER, None).secret for _ in range(100)}
    assert len(secrets) == 100
    assert all(secret.startswith(KEY_PREFIX) and len(secret) >= 43 for secret in secrets)


@pytest.mark.parametrize("role", Role)
def test_only_admins_and_supervisors_may_write(role: Role) -> None:
    assert ("automations.write" in SCOPES_BY_ROLE[role]) is (role in {Role.ADMIN, Role.SUPERVISOR})
    assert "automations.read" in SCOPES_BY_ROLE[role]
    assert new_key("k", role, None).record.scopes == [scope.value for scope in SCOPES_BY_ROLE[role]]
