"""A journey's definition, as it is stored in a version of it: trigger, blocks, exits, settings."""

from enum import StrEnum
from typing import Any

from domain.canonical_json import fingerprint
from domain.journeys.blocks import Block
from domain.journeys.filters import AudienceFilterGroup, EventFilterGroup
from domain.journeys.shape import Shape

BIRTHDAY = "birthday"
BACK_IN_STOCK = "product back in stock"
ENTERED_SEGMENT = "entered segment"
# These are made here, whatever a client sends under their names.
NOT_FROM_CLIENTS = frozenset({BIRTHDAY, BACK_IN_STOCK})


class TriggerCondition(Shape):
    """`filter_groups` all hold. `origin` is the resolved one, absent for built-in events."""

    event: str
    origin: str | None = None
    filter_groups: tuple[EventFilterGroup, ...] = ()


class InactivityUnit(StrEnum):
    MINUTES = "m"
    HOURS = "h"
    DAYS = "d"
    WEEKS = "w"


class InactivityDuration(Shape):
    amount: int
    units: InactivityUnit


class InactivitySettings(Shape):
    """The journey begins once so much time has passed without another trigger event."""

    duration: InactivityDuration


class Trigger(Shape):
    condition: TriggerCondition
    audience_filter_group: AudienceFilterGroup | None = None
    inactivity_settings: InactivitySettings | None = None


class ExitCondition(Shape):
    event: str
    origin: str | None = None
    filter_group: EventFilterGroup | None = None


class Threshold(StrEnum):
    """`all` includes everyone, `nonSubscribed` all but the unsubscribed."""

    SUBSCRIBED = "subscribed"
    NON_SUBSCRIBED = "nonSubscribed"
    ALL = "all"


class SendingThresholds(Shape):
    email: Threshold = Threshold.SUBSCRIBED
    sms: Threshold = Threshold.SUBSCRIBED


class LimiterMode(StrEnum):
    ONCE = "once"
    INTERVAL = "interval"


class LimiterUnit(StrEnum):
    HOURS = "h"
    DAYS = "d"
    WEEKS = "w"


class LimiterDuration(Shape):
    amount: int
    units: LimiterUnit


class FrequencyLimiter(Shape):
    """`interval` counts from the last entry. `duration` is in the largest unit that divides it."""

    mode: LimiterMode
    duration: LimiterDuration | None = None


class OverlapMode(StrEnum):
    CURRENTLY_IN = "currentlyIn"
    RECENTLY_IN = "recentlyIn"


class OverlapLimiter(Shape):
    """Keeps out whoever is in one of these journeys, or was `within_days`."""

    mode: OverlapMode
    automation_ids: tuple[str, ...]
    within_days: int | None = None


class JourneySettings(Shape):
    sending_thresholds: SendingThresholds = SendingThresholds()
    frequency_limiter: FrequencyLimiter | None = None
    overlap_limiter: OverlapLimiter | None = None


class JourneyDefinition(Shape):
    trigger: Trigger
    blocks: tuple[Block, ...]
    exit_conditions: tuple[ExitCondition, ...] = ()
    settings: JourneySettings = JourneySettings()

    def stored(self) -> dict[str, Any]:
        """The JSON document of it; `JourneyDefinition.model_validate` reads it again."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def content_hash(self) -> str:
        """SHA-256 of the canonical JSON: a version's address."""
        return fingerprint(self.stored())
