from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.queue_status import QueueStatus


class QueueEventOut(BaseModel):
    """An event as the queue holds it: the seed's object, plus our extensions `causation_id` and `hops`."""

    id: UUID
    event_type: str
    conversation_id: UUID | None
    payload: dict[str, Any]
    payload_hash: str
    source: str
    status: QueueStatus
    attempts: int
    available_at: datetime = Field(description="Not tried before then")
    created_at: datetime
    contact_id: UUID | None
    processed_at: datetime | None
    error: str | None
    causation_id: UUID | None = Field(description="The event that a rule made this one of")
    hops: int = Field(description="So many rules led to it, one after the other")


class ChainEventOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    event_type: str
    source: str
    status: QueueStatus
    created_at: datetime


class ChainRuleOut(BaseModel):
    """`rule_name` as it was then; it and `run_id` are null when the run is gone."""

    model_config = ConfigDict(from_attributes=True)

    rule_id: UUID
    rule_name: str | None
    run_id: UUID | None


class CauseOut(BaseModel):
    """An event, null when it is gone, and the rule that reacted to it."""

    model_config = ConfigDict(from_attributes=True)

    event: ChainEventOut | None
    rule: ChainRuleOut


class ConsequenceOut(BaseModel):
    """An event, and the rule that made it."""

    model_config = ConfigDict(from_attributes=True)

    event: ChainEventOut
    rule: ChainRuleOut | None


class EventChainOut(BaseModel):
    """`causes`: what led to the event, the first one first. `consequences`: the events that came of it directly, the
    oldest first, at most 1,000. `stopped`: the rules that did not react to it, as they had led to it or too many had.
    """

    model_config = ConfigDict(from_attributes=True)

    event: ChainEventOut
    causes: list[CauseOut]
    consequences: list[ConsequenceOut]
    stopped: list[ChainRuleOut]
