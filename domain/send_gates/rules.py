"""What a program says about sending: the setting `sending`."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from domain.actions import Channel
from domain.participant import CONSENT_CHANNELS
from domain.send_policy import HoldAfterFailures, Hours, Percentage, RecentlyContacted

MAX_CAPS = 20
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _is_clock_time(value: str) -> str:
    if not _CLOCK.fullmatch(value):
        raise PydanticCustomError("clock_time", "not a clock time")
    return value


def _is_personal(channel: Channel) -> Channel:
    if channel not in CONSENT_CHANNELS:
        raise PydanticCustomError(
            "not_personal",
            "messages of the channel {channel} do not go to the person",
            {"channel": channel.value},
        )
    return channel


ClockTime = Annotated[str, AfterValidator(_is_clock_time)]
PersonalChannel = Annotated[Channel, AfterValidator(_is_personal)]


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FrequencyCap(_Rule):
    """At most so many `messages` to one person in any `hours`; on one `channel`, or on all together."""

    messages: Annotated[int, Field(strict=True, ge=1, le=1_000)]
    hours: Hours
    channel: PersonalChannel | None = None


class QuietPolicy(StrEnum):
    DEFER = "defer"
    SKIP = "skip"


class QuietHours(_Rule):
    """From `start` to `end` on the person's own clock, over midnight where `end` is the earlier one.

    `channels`: all of them, if none is named.
    """

    start: ClockTime
    end: ClockTime
    policy: QuietPolicy = QuietPolicy.DEFER
    channels: tuple[PersonalChannel, ...] = ()

    @model_validator(mode="after")
    def _are_not_all_day(self) -> Self:
        if self.start == self.end:
            raise PydanticCustomError("quiet_all_day", "start and end are the same")
        return self


class SendingRules(_Rule):
    frequency_caps: Annotated[tuple[FrequencyCap, ...], Field(max_length=MAX_CAPS)] = ()
    quiet_hours: QuietHours | None = None
    recently_contacted: RecentlyContacted | None = None
    holdout_percentage: Percentage = 0
    hold_after_failures: HoldAfterFailures | None = None


NO_RULES = SendingRules()
