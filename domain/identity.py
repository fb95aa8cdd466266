"""Who is calling: the holder of an API key, or a person who has logged in."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.roles import Role, ScopeName


class CallerKind(StrEnum):
    API_KEY = "api_key"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Identity:
    """`id`: of the key or of the user. `name`: what records and operators are told of who did something.

    `program_id`: the only program they may reach; None for every one.
    """

    kind: CallerKind
    id: UUID
    name: str
    role: Role
    scopes: frozenset[ScopeName]
    program_id: UUID | None
