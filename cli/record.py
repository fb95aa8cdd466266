"""Commands that work straight in the database: how they reach it, name a program in it, and fail."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NoReturn, TypeVar
from uuid import UUID

import typer

if TYPE_CHECKING:
    from sqlmodel.ext.asyncio.session import AsyncSession

    from store.database import Database

Result = TypeVar("Result")

REFUSED = 1
BAD_ARGUMENTS = 2
DATABASE_FAILED = 3


class RefusedError(Exception):
    """What was asked for cannot be done; the message says why."""


class UnclearProgramError(RefusedError):
    """No program, or more than one, has the id or name that was given."""


def in_database(work: "Callable[[Database], Awaitable[Result]]") -> Result:
    """The result of `work`; exits with REFUSED, BAD_ARGUMENTS or DATABASE_FAILED and a line that says why."""
    # Loading the store takes longer than most commands run, so only those that need it wait for it.
    from sqlalchemy.exc import SQLAlchemyError

    from runtime.settings import SettingsError, load_settings

    try:
        return asyncio.run(_with_database(load_settings().database_url, work))
    except SettingsError as error:
        fail(str(error), BAD_ARGUMENTS)
    except RefusedError as error:
        fail(str(error), REFUSED)
    except SQLAlchemyError as error:
        fail(f"the database cannot be used: {getattr(error, 'orig', None) or error}", DATABASE_FAILED)


def in_transaction(work: "Callable[[AsyncSession], Awaitable[Result]]") -> Result:
    """The same for work of one transaction."""

    async def in_one(database: "Database") -> Result:
        async with database.transaction() as session:
            return await work(session)

    return in_database(in_one)


def label(name: str) -> str:
    """The name itself. Raises RefusedError for one that the API would not take."""
    from domain.shown_names import shown_name
    from domain.storable_text import storable

    if not 1 <= len(name) <= 255:
        raise RefusedError("the name must have 1 to 255 characters")
    try:
        return shown_name(storable(name))
    except ValueError as error:
        raise RefusedError(f"the name {error}") from None


async def program_id_of(session: "AsyncSession", id_or_name: str) -> UUID:
    """Raises UnclearProgramError."""
    from store.programs import get_program, programs_named

    try:
        by_id = await get_program(session, UUID(id_or_name))
    except ValueError:
        by_id = None
    found = [by_id] if by_id is not None else list(await programs_named(session, id_or_name))
    if not found:
        raise UnclearProgramError(f"no program has the id or name {id_or_name!r}")
    if len(found) > 1:
        identifiers = ", ".join(str(program.id) for program in found)
        raise UnclearProgramError(
            f"{len(found)} programs are named {id_or_name!r}; give one id: {identifiers}"
        )
    return found[0].id


def fail(message: str, status: int) -> NoReturn:
    print(f"carillon: {message}", file=sys.stderr)
    raise typer.Exit(status)


async def _with_database(url: str, work: "Callable[[Database], Awaitable[Result]]") -> Result:
    from store.database import Database

    database = Database(url, pool_size=2)
    try:
        return await work(database)
    finally:
        await database.close()
