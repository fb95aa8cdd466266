from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

# Those that are cancelled are not shown.
ShownStatus = Literal["active", "completed", "failed"]


class SubscriptionOut(BaseModel):
    """A participant whom a participant_state automation watches (seed: `/{id}/subscriptions`)."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    automation_id: UUID
    participant_id: UUID
    status: ShownStatus
    next_trigger_at: datetime | None
    last_triggered_at: datetime | None
    trigger_count: int
    retry_count: int
    last_error: str | None
    created_at: datetime


class RefreshQueued(BaseModel):
    """The refresh was asked for; `last_evaluated_at` of the automation moves when it is done."""

    status: str = "queued"
    automation_id: str
