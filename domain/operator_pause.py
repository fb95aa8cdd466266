"""An operator's pause of a Temporal Schedule, told from Carillon's own by its note."""

from dataclasses import dataclass

PAUSED_BY_CARILLON = "carillon: "


@dataclass(frozen=True, slots=True)
class OperatorPause:
    """A schedule that an operator holds; `note` is their reason, in their words."""

    note: str | None


def operator_pause(paused: bool, note: str | None) -> OperatorPause | None:
    """What the state of a schedule says of operators; None when none holds it."""
    if not paused or (note or "").startswith(PAUSED_BY_CARILLON):
        return None
    return OperatorPause(note or None)
