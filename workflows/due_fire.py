"""A fire of an automation that waits for its turn."""

from dataclasses import dataclass
from datetime import datetime

from domain.contract import RunCause


@dataclass(frozen=True, slots=True)
class DueFire:
    """`nominal_at` is the occurrence it stands for; None for a manual or immediate one."""

    cause: RunCause
    nominal_at: datetime | None
    actor: str
    by_own_timer: bool = False
