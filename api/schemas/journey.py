"""A journey as clients write it. Omnisend calls it an automation workflow."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from api.schemas.journey_block import ConditionIn, CreateBlock, PatchBlock, PutBlock
from api.schemas.journey_filter import AudienceFilterGroupIn, EventFilterGroupIn
from api.schemas.journey_text import AtLeastOne, Label, Written, maybe_sent
from domain.journeys.definition import (
    InactivityUnit,
    LimiterMode,
    LimiterUnit,
    OverlapMode,
    Threshold,
)
from domain.journeys.validation import MAX_BLOCKS

MOST_EXITS = 20
Name = Annotated[Label, Field(examples=["Welcome Series"])]

WELCOME_EXAMPLE: JsonDict = {
    "name": "Welcome Series",
    "trigger": {
        "condition": {"event": "placed order"},
        "audienceFilterGroup": {
            "logicalOperator": "and",
            "filters": [{"field": "country", "operator": "eq", "value": "US"}],
        },
    },
    "blocks": [
        {
            "temporaryID": "wait",
            "type": "delay",
            "delay": {"mode": "duration", "duration": {"amount": 3, "units": "d"}},
        },
        {
            "temporaryID": "tag",
            "type": "action",
            "action": {"type": "addTag", "addTag": {"value": "customer"}},
        },
    ],
    "exitConditions": [{"event": "ordered product refunded"}],
    "settings": {"frequencyLimiter": {"mode": "interval", "duration": {"amount": 7, "units": "d"}}},
}
PUT_EXAMPLE: JsonDict = {"blocks": WELCOME_EXAMPLE["blocks"]}


class TriggerConditionIn(ConditionIn):
    """All `filterGroups` hold. `origin`: required where the event comes from several."""


class InactivityDurationIn(Written):
    amount: AtLeastOne
    units: InactivityUnit


class InactivityIn(Written):
    """The journey begins once so much time has passed without another trigger event."""

    duration: InactivityDurationIn


class TriggerIn(Written):
    condition: TriggerConditionIn
    audience_filter_group: AudienceFilterGroupIn | None = None
    inactivity_settings: InactivityIn | None = None


class ExitConditionIn(Written):
    """Not birthday, nor product back in stock."""

    event: Label
    origin: Label | None = None
    filter_group: EventFilterGroupIn | None = None


class ThresholdsIn(Written):
    email: Threshold
    sms: Threshold


class LimiterDurationIn(Written):
    """At most 8760 h, 365 d or 52 w."""

    amount: AtLeastOne
    units: LimiterUnit


class FrequencyLimiterIn(Written):
    """`duration`: with interval, and not with once."""

    mode: LimiterMode
    duration: LimiterDurationIn | None = None


class OverlapLimiterIn(Written):
    """`withinDays`: with recentlyIn, and not with currentlyIn."""

    mode: OverlapMode
    automation_ids: Annotated[list[Label], Field(min_length=1, max_length=100)]
    within_days: Annotated[int, Field(strict=True, ge=1, le=7)] | None = None


class SettingsIn(Written):
    """Null removes a limiter. `discount`: as it is shown."""

    sending_thresholds: ThresholdsIn = maybe_sent()
    frequency_limiter: FrequencyLimiterIn | None = None
    overlap_limiter: OverlapLimiterIn | None = None
    discount: None = None


Exits = Annotated[list[ExitConditionIn], Field(max_length=MOST_EXITS)]


class CreateJourney(Written):
    """It is made disabled."""

    model_config = ConfigDict(json_schema_extra={"examples": [WELCOME_EXAMPLE]})

    name: Name
    trigger: TriggerIn
    blocks: Annotated[
        list[CreateBlock], Field(min_length=1, description=f"At most {MAX_BLOCKS}, nested ones too")
    ]
    exit_conditions: Exits | None = None
    settings: SettingsIn | None = None


class PatchTrigger(Written):
    """Each part that is sent replaces the one there is; null clears the last two."""

    condition: TriggerConditionIn = maybe_sent()
    audience_filter_group: AudienceFilterGroupIn | None = None
    inactivity_settings: InactivityIn | None = None


class PatchJourney(Written):
    """Only the fields sent change. null or an empty list clears `exitConditions`."""

    name: Name = maybe_sent()
    trigger: PatchTrigger = maybe_sent()
    blocks: Annotated[list[PatchBlock], Field(min_length=1, max_length=MAX_BLOCKS)] = maybe_sent()
    exit_conditions: Exits | None = None
    settings: SettingsIn = maybe_sent()


class PutBlocks(Written):
    """The whole tree: blocks that are not in it are removed."""

    model_config = ConfigDict(json_schema_extra={"examples": [PUT_EXAMPLE]})

    blocks: Annotated[list[PutBlock], Field(min_length=1)]
