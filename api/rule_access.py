"""Who may see and change rules: supervisors and admins, of the program that the request is about."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header

from api.auth import Caller, ensure_program_allowed
from api.dependencies import DatabaseDep
from api.errors import Refusal, invalid, not_found
from domain.identity import Identity
from domain.roles import Role
from store.programs import get_program
from store.tables import Program

SUPERVISING = frozenset({Role.ADMIN, Role.SUPERVISOR})
PROGRAM_HEADER = "X-Program-Id"


@dataclass(frozen=True, slots=True)
class Supervision:
    """A supervisor, and the program in which they act."""

    caller: Identity
    program: Program


def _supervisor(caller: Caller) -> Identity:
    if caller.role not in SUPERVISING:
        raise Refusal(403, "Only a supervisor or an admin may do this")
    return caller


async def _supervision(
    database: DatabaseDep,
    caller: Annotated[Identity, Depends(_supervisor)],
    program_id: Annotated[
        UUID | None,
        Header(alias=PROGRAM_HEADER, description="Required, unless the caller is bound to a program"),
    ] = None,
) -> Supervision:
    """The caller's own program, else the one that the header names. Raises a Refusal without either."""
    named = caller.program_id if program_id is None else program_id
    if named is None:
        raise invalid(PROGRAM_HEADER, "required", "present, as the caller is not bound to a program")
    ensure_program_allowed(caller, named)
    async with database.transaction() as session:
        program = await get_program(session, named)
    if program is None:
        raise not_found("Program")
    return Supervision(caller, program)


Supervised = Annotated[Supervision, Depends(_supervision)]
