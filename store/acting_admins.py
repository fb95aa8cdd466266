"""The admin who asks for a change of who may do what, as they stand once it is their turn."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from domain.identity import CallerKind, Identity
from store.api_keys import identity_of_key, lock_admin_keys
from store.users import identity_of_user, lock_users


async def lock_acting_admin(
    session: AsyncSession, admin: Identity, users: Collection[UUID] = ()
) -> Identity | None:
    """Who `admin` is now; None when they were removed, disabled or revoked since they were let in.

    Locks them and the `users` whom they are about to change. So of two admins who remove each other at once only
    the first does: always the keys of admins before users, and each by its id, so that neither waits for the other.
    """
    keys = await lock_admin_keys(session)
    if admin.kind is CallerKind.API_KEY:
        await lock_users(session, users)
        return next((identity_of_key(key) for key in keys if key.id == admin.id), None)
    found = {user.id: user for user in await lock_users(session, {*users, admin.id})}
    acting = found.get(admin.id)
    return identity_of_user(acting) if acting is not None and acting.disabled_at is None else None
