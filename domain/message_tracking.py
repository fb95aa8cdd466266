"""Whether it is followed who opens a message and which of its links they click: a program says, and a message may."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.message_options import MessageOptions

SETTING = "message_tracking"
FIELDS = ("opens", "clicks")


@dataclass(frozen=True, slots=True)
class Tracking:
    opens: bool = True
    clicks: bool = True

    def of(self, options: MessageOptions) -> "Tracking":
        """What holds for one message."""
        opens = self.opens if options.track_opens is None else options.track_opens
        clicks = self.clicks if options.track_clicks is None else options.track_clicks
        return Tracking(opens, clicks)


EVERYTHING = Tracking()


def message_tracking(settings: Mapping[str, Any]) -> Tracking:
    """Of a program's settings, in which both are on unless it is said that one is off. They have been checked."""
    return Tracking(**settings.get(SETTING, {}))
