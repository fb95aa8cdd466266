"""What a message of an automation, a rule or a journey asks of the gates between it and a person."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool

LONGEST_HOURS = 8_760

Hours = Annotated[int, Field(strict=True, ge=1, le=LONGEST_HOURS)]
Percentage = Annotated[int, Field(strict=True, ge=0, le=100)]


class ConsentThreshold(StrEnum):
    """Who is written to: those who said yes, those who did not say no, or everybody."""

    SUBSCRIBED = "subscribed"
    NON_SUBSCRIBED = "nonSubscribed"
    ALL = "all"


class RecentlyContacted(BaseModel):
    """Nothing for whoever was sent a message in the last `hours`; with `same_channel`, one of the same channel."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: Hours
    same_channel: StrictBool = False


class HoldAfterFailures(BaseModel):
    """Hold a run once, of its last `of_last` messages, `percentage` or more have failed or are unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    percentage: Annotated[int, Field(strict=True, ge=1, le=100)]
    of_last: Annotated[int, Field(strict=True, ge=10, le=1_000)] = 100


class SendPolicy(BaseModel):
    """`priority`: where a limit leaves room for one of several messages, the lowest goes.

    `transactional`: what the person asked for, such as a receipt. No holdout, quiet hours, window or cap keeps it, and
    it does not count in them. `recently_contacted` comes on top of the program's. `holdout_percentage`: of the
    people of this automation or rule. `hold_after_failures` replaces the program's.
    `once_per_address`: of those in a run who share an address, one is written to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    consent: ConsentThreshold = ConsentThreshold.SUBSCRIBED
    priority: Annotated[int, Field(strict=True, ge=-1_000, le=1_000)] = 0
    transactional: StrictBool = False
    recently_contacted: RecentlyContacted | None = None
    holdout_percentage: Percentage = 0
    hold_after_failures: HoldAfterFailures | None = None
    once_per_address: StrictBool = False

    def stored(self) -> dict[str, Any] | None:
        """The JSON that is kept with a message until it has left; None for the usual policy."""
        return self.model_dump(mode="json", exclude_defaults=True) or None

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> Self:
        """A policy that was stored; what a later release added is left out."""
        return cls.model_validate(stored or {}, extra="ignore")


USUAL_POLICY = SendPolicy()
