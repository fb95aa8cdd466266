"""The settings of a program that Carillon reads; clients may keep others beside them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

ON_UNKNOWN_PARTICIPANT = "on_unknown_participant"


class UnknownParticipant(StrEnum):
    """What becomes of an event for an external_id that nobody in the program has."""

    CREATE = "CREATE"
    REJECT = "REJECT"


def on_unknown_participant(settings: Mapping[str, Any]) -> UnknownParticipant:
    """Raises ValueError for a value that is neither."""
    return UnknownParticipant(settings.get(ON_UNKNOWN_PARTICIPANT, UnknownParticipant.CREATE))
