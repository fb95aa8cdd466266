from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from store.receipts import ReceiptOutcome


class ReceiptOut(BaseModel):
    """What became of one occurrence of an automation's schedule."""

    model_config = ConfigDict(from_attributes=True)

    nominal_at: datetime = Field(description="When it was due by the schedule, without jitter")
    outcome: ReceiptOutcome
    reason: str | None = Field(description="Why it was skipped")
    run_id: UUID | None = Field(description="The run it became")
    recorded_at: datetime
