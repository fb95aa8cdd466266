from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.text import ShownName
from domain.actions import Body, Channel
from domain.participant_state.schedule_config import TimeOfDay
from domain.stock_automations import NINE, StockName
from domain.storable_text import storable

Days = Annotated[int, Field(strict=True, ge=1, le=3_650)]
QuietDays = Annotated[int, Field(strict=True, ge=0, le=365)]
# A name that may stand behind a dot in an expression.
AttributeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Subject = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(storable)]


class CreateStockAutomation(BaseModel):
    """What is left out is as usual. `days`, `every_days` and `attribute` are for those that take them."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Win back", "subject": "We miss you"}]}
    )

    name: ShownName | None = None
    days: Days | None = None
    every_days: Days | None = None
    attribute: AttributeName | None = None
    quiet_days: QuietDays | None = Field(
        default=None, description="Nobody who was sent a message within so many days; 0 for everybody"
    )
    channel: Channel | None = None
    subject: Subject | None = None
    body: Body | None = None
    template_id: UUID | None = Field(default=None, description="Instead of `subject` and `body`")
    timezone: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="The program's by default"
    )
    time_of_day: TimeOfDay = NINE


class StockAutomationOut(BaseModel):
    """One that can be created: what it is, what it takes, and the automation that it makes without parameters."""

    name: StockName
    title: str
    description: str
    parameters: dict[str, Any] = Field(examples=[{"days": 60}])
    automation: dict[str, Any]
