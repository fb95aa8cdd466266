"""A workflow that is to be told that the record holds something for it to do."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Sleeper(StrEnum):
    """Who can be woken: an automation, about its subscriptions; the delivery to a webhook; a program's messages;
    an automation that is to be created from what a rule has staged under its id; a journey."""

    AUTOMATION = "automation"
    WEBHOOK = "webhook"
    MESSAGES = "messages"
    STAGED_AUTOMATION = "staged_automation"
    JOURNEY = "journey"


@dataclass(frozen=True, slots=True)
class WakeUp:
    """`id`: a journey's is text."""

    sleeper: Sleeper
    id: UUID | str

    @property
    def uuid(self) -> UUID:
        """The id of any sleeper but a journey."""
        assert isinstance(self.id, UUID)
        return self.id
