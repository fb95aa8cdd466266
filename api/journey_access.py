"""Who may see and change journeys: whoever has the scope, in the program that the request is about."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from api.auth import Reader, Writer
from api.dependencies import DatabaseDep
from api.program_header import NamedProgram, program_of
from domain.identity import Identity
from store.tables import Program


@dataclass(frozen=True, slots=True)
class Acting:
    """A caller, and the program in which they act."""

    caller: Identity
    program: Program


async def _reading(database: DatabaseDep, caller: Reader, program_id: NamedProgram = None) -> Acting:
    return Acting(caller, await program_of(database, caller, program_id))


async def _writing(database: DatabaseDep, caller: Writer, program_id: NamedProgram = None) -> Acting:
    return Acting(caller, await program_of(database, caller, program_id))


Reading = Annotated[Acting, Depends(_reading)]
Writing = Annotated[Acting, Depends(_writing)]
