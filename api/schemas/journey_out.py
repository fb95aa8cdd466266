"""A journey as it is shown, and pages of journeys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from domain.journeys.blocks import Block
from domain.journeys.definition import (
    ExitCondition,
    FrequencyLimiter,
    OverlapLimiter,
    SendingThresholds,
    Trigger,
)
from domain.journeys.shape import written_name
from store.tables import Journey


class Shown(BaseModel):
    model_config = ConfigDict(alias_generator=written_name, populate_by_name=True)


class SettingsOut(Shown):
    """`discount`: always null, as discounts are no part of Carillon."""

    sending_thresholds: SendingThresholds
    frequency_limiter: FrequencyLimiter | None
    overlap_limiter: OverlapLimiter | None
    discount: dict[str, Any] | None


class JourneyOut(Shown):
    """What has no value is left out of trigger, blocks and exit conditions."""

    id: str
    brand_id: UUID = Field(description="The program")
    name: str
    is_enabled: bool
    trigger: Trigger
    blocks: list[Block]
    exit_conditions: list[ExitCondition]
    settings: SettingsOut
    created_at: datetime
    updated_at: datetime
    enabled_at: datetime | None
    disabled_at: datetime | None


class CursorsOut(BaseModel):
    """What to send as `after` or `before`; null where there is no further page."""

    after: str | None
    before: str | None


class PagingOut(Shown):
    limit: int
    has_more: bool = Field(description="Whether there are more in the direction of reading")
    cursors: CursorsOut


class JourneysOut(BaseModel):
    automations: list[JourneyOut]
    paging: PagingOut


def shown(journey: Journey) -> dict[str, Any]:
    """The JSON of a JourneyOut."""
    stored = journey.definition
    settings = stored.get("settings", {})
    instants = ("created_at", "updated_at", "enabled_at", "disabled_at")
    return {
        "id": journey.id,
        "brandID": str(journey.program_id),
        "name": journey.name,
        "isEnabled": journey.is_enabled,
        "trigger": stored["trigger"],
        "blocks": stored["blocks"],
        "exitConditions": stored["exitConditions"],
        "settings": {
            "sendingThresholds": settings["sendingThresholds"],
            "frequencyLimiter": settings.get("frequencyLimiter"),
            "overlapLimiter": settings.get("overlapLimiter"),
            "discount": None,
        },
        **{written_name(name): _told(getattr(journey, name)) for name in instants},
    }


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")
