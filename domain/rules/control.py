"""The pause of all rules of a program at once."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ControlState:
    """`paused_until`: when the pause ends by itself; None when somebody has to end it. Aware."""

    is_paused: bool
    paused_until: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether rules rest at `now`. At `paused_until` itself they no longer do."""
        return self.is_paused and (self.paused_until is None or self.paused_until > now)


NOT_PAUSED = ControlState(is_paused=False, paused_until=None)
