from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from domain.actions import Channel
from domain.storable_text import storable
from domain.suppressions import SuppressionReason

Address = Annotated[str, StringConstraints(min_length=1, max_length=4_096), AfterValidator(storable)]


class CreateSuppression(BaseModel):
    """`reason` says why; whoever imports the suppressions of another system keeps theirs."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"channel": "email", "address": "noor@example.com"}]},
    )

    channel: Channel
    address: Address
    reason: SuppressionReason = SuppressionReason.MANUAL


class SuppressionOut(BaseModel):
    """`address` is masked for a viewer, and null once its owner was erased: then only a hash of it is kept."""

    id: UUID
    program_id: UUID
    channel: Channel
    address: str | None
    reason: SuppressionReason
    source: str
    created_at: datetime
