"""Who may see and change rules: supervisors and admins, of the program that the request is about."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from api.auth import Caller
from api.dependencies import DatabaseDep
from api.errors import Refusal
from api.program_header import NamedProgram, program_of
from domain.identity import Identity
from domain.roles import Role
from store.tables import Program

SUPERVISING = frozenset({Role.ADMIN, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Supervision:
    """A supervisor, and the program in which they act."""

    caller: Identity
    program: Program


async def _supervisor(caller: Caller) -> Identity:
    if caller.role not in SUPERVISING:
        raise Refusal(403, "Only a supervisor or an admin may do this")
    return caller


async def _supervision(
    database: DatabaseDep,
    caller: Annotated[Identity, Depends(_supervisor)],
    program_id: NamedProgram = None,
) -> Supervision:
    return Supervision(caller, await program_of(database, caller, program_id))


Supervised = Annotated[Supervision, Depends(_supervision)]
