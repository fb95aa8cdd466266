"""Who may see and change rules: supervisors and admins, of the program that the request is about."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header

from api.auth import Caller, ensure_program_allowed
from api.dependencies import DatabaseDep
from api.errors import Refusal, invalid, not_found
from domain.roles import Role
from store.programs import get_program
from store.tables import ApiKey, Program

SUPERVISING = frozenset({Role.ADMIN.value, Role.SUPERVISOR.value})
PROGRAM_HEADER = "X-Program-Id"


@dataclass(frozen=True, slots=True)
class Supervision:
    """A supervisor's key, and the program in which it acts."""

    key: ApiKey
    program: Program


def _supervisor(key: Caller) -> ApiKey:
    if key.role not in SUPERVISING:
        raise Refusal(403, "Only a supervisor's or an admin's key may do this")
    return key


async def _supervision(
    database: DatabaseDep,
    key: Annotated[ApiKey, Depends(_supervisor)],
    program_id: Annotated[
        UUID | None,
        Header(alias=PROGRAM_HEADER, description="Required, unless the key is bound to a program"),
    ] = None,
) -> Supervision:
    """The key's own program, else the one that the header names. Raises a Refusal without either."""
    named = key.program_id if program_id is None else program_id
    if named is None:
        raise invalid(PROGRAM_HEADER, "required", "present, as the key is not bound to a program")
    ensure_program_allowed(key, named)
    async with database.transaction() as session:
        program = await get_program(session, named)
    if program is None:
        raise not_found("Program")
    return Supervision(key, program)


Supervised = Annotated[Supervision, Depends(_supervision)]
