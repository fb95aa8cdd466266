"""A workflow that is to be told that the record holds something for it to do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Sleeper(StrEnum):
    """Who can be woken: an automation, about its subscriptions; the delivery to a webhook; a program's messages;
    an automation that is to be created from what a rule has staged under its id."""

    AUTOMATION = "automation"
    WEBHOOK = "webhook"
    MESSAGES = "messages"
    STAGED_AUTOMATION = "staged_automation"


@dataclass(frozen=True, slots=True)
class WakeUp:
    sleeper: Sleeper
    id: UUID
