from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from domain.queue_status import QueueStatus
from domain.rules.rule import Gate


class RuleRunOut(BaseModel):
    """What a rule made of an event: the seed's object, plus our extension `stopped_by`.

    `matched`: its conditions held. `executed`: its actions were carried out. `result`: `actions`, each with its `type`,
    its `status` and perhaps a `reason`; and `error`.
    """

    id: UUID
    event_id: UUID
    rule_id: UUID
    conversation_id: UUID | None
    matched: bool
    executed: bool
    result: dict[str, Any]
    created_at: datetime
    rule_name: str = Field(description="As it was then")
    event_type: str
    event_source: str
    event_status: QueueStatus | None = Field(description="As it is now; null when the event is gone")
    contact_id: UUID | None
    channel_source: str | None
    stopped_by: Gate | None = Field(description="The gate that kept the rule from acting; null when it acted")
