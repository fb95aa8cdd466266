from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from domain.automation import Scope
from domain.contract import RunCause
from domain.outcomes import Outcome, RunCounts
from domain.run_status import RunStatus


class RunOut(BaseModel):
    """One execution; `counts` is the accounting identity, from the outcome ledger.

    `held_at`: since when it has been held, as `error` says why. `resumed_at`: when it last went on.
    """

    id: UUID
    automation_id: UUID
    program_id: UUID
    number: int
    scope: Scope
    cause: RunCause
    status: RunStatus
    error: str | None
    requested_by: str
    nominal_at: datetime | None
    requested_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    held_at: datetime | None
    resumed_at: datetime | None
    event_id: UUID | None
    counts: RunCounts
    participants_total: int
    participants_processed: int


class RunParticipantOut(BaseModel):
    participant_id: UUID
    outcome: Outcome
    reason: str | None
    error: str | None
    updated_at: datetime
