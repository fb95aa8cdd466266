"""A workflow that is to be told that the record holds something for it to do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Sleeper(StrEnum):
    """Who can be woken: an automation, about its subscriptions, or the delivery to a webhook."""

    AUTOMATION = "automation"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class WakeUp:
    sleeper: Sleeper
    id: UUID
