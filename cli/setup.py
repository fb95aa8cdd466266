"""`carillon setup`: bring a database and a Temporal namespace to what this version needs."""

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from runtime.settings import Settings


def setup() -> None:
    """Migrate the schema, register namespace, search attributes and system schedules. Idempotent."""
    from runtime.settings import SettingsError, load_settings

    try:
        settings = load_settings()
    except SettingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    asyncio.run(_set_up(settings))
    sys.stdout.flush()
    # A process that held a Temporal client may be aborted while the interpreter is torn down.
    os._exit(0)


async def _set_up(settings: "Settings") -> None:
    from runtime.setup import set_up_temporal
    from runtime.temporal import connect_temporal
    from store.migrate import migrate

    await asyncio.to_thread(migrate, settings.database_url)
    if settings.admin_key is not None:
        await _store_admin_key(settings, settings.admin_key.get_secret_value())
    if settings.admin_email is not None and settings.admin_password is not None:
        await _add_admin(settings, settings.admin_email, settings.admin_password.get_secret_value())
    await set_up_temporal(await connect_temporal(settings), settings)
    typer.echo("ready: schema, namespace, search attributes and system schedules are in place")


async def _store_admin_key(settings: "Settings", secret: str) -> None:
    from domain.roles import Role
    from store.api_keys import new_key, store_key
    from store.database import Database

    database = Database(settings.database_url, pool_size=2)
    async with database.transaction() as session:
        await store_key(session, new_key("admin", Role.ADMIN, None, secret))
    await database.close()


async def _add_admin(settings: "Settings", email: str, password: str) -> None:
    """Whoever has the address already keeps their password."""
    from domain.roles import Role
    from store.database import Database
    from store.passwords import hash_password
    from store.tables import User
    from store.users import add_user, user_with_email

    database = Database(settings.database_url, pool_size=2)
    async with database.transaction() as session:
        if await user_with_email(session, email) is None:
            hashed = await asyncio.to_thread(hash_password, password)
            await add_user(
                session, User(email=email, name="Admin", role=Role.ADMIN.value, password_hash=hashed)
            )
    await database.close()
