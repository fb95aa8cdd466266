from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.participant import Number
from api.schemas.text import Label
from domain.json_limits import MAX_ITEMS
from domain.participant import StateType


class AddToCounters(BaseModel):
    """What to add to each counter; one that is absent counts from 0."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"changes": {"points": 5, "orders": -1}}]}
    )

    changes: dict[Label, Number] = Field(min_length=1, max_length=MAX_ITEMS)


class StateChangeOut(BaseModel):
    """One key that changed. A value is null where there was, or is, none; a tag's is true."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    state_type: StateType
    key: str
    old_value: Any
    new_value: Any
    source: str
    changed_at: datetime
