"""The program of a request whose path names none: the caller's own, else the one that a header names."""

from typing import Annotated
from uuid import UUID

from fastapi import Header

from api.auth import ensure_program_allowed
from api.errors import invalid, not_found
from domain.identity import Identity
from store.database import Database
from store.programs import get_program
from store.tables import Program

PROGRAM_HEADER = "X-Program-Id"

NamedProgram = Annotated[
    UUID | None,
    Header(alias=PROGRAM_HEADER, description="Required, unless the caller is bound to a program"),
]


async def program_of(database: Database, caller: Identity, named: UUID | None) -> Program:
    """Raises a Refusal without either, and for a program that the caller may not see."""
    program_id = caller.program_id if named is None else named
    if program_id is None:
        raise invalid(PROGRAM_HEADER, "required", "present, as the caller is not bound to a program")
    ensure_program_allowed(caller, program_id)
    async with database.transaction() as session:
        program = await get_program(session, program_id)
    if program is None:
        raise not_found("Program")
    return program
