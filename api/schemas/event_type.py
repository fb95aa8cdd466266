from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from domain.event_properties import PropertyType


class EventTypeOut(BaseModel):
    """A type of event that the program has had."""

    model_config = ConfigDict(from_attributes=True)

    type: str
    properties: dict[str, PropertyType] = Field(
        description="What its `event_data` hold, by dotted path: at most 200 paths, 4 levels"
    )
    sources: list[str] = Field(description="Where such events came from, such as `api` or `automation`")
    first_seen_at: datetime
    last_seen_at: datetime = Field(description="To the minute")
