"""What is wrong with a form."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A dotted path from the form's root (`all.2.operator`), empty for the root itself."""

    path: str = ""

    def of(self, step: str | int) -> "Place":
        return Place(f"{self.path}.{step}" if self.path else str(step))


class ConditionFormError(ValueError):
    """A form that cannot be translated: `path` is dotted from the form's root, empty for the form as a whole. `others`:
    what else keeps it from that."""

    def __init__(self, place: Place, reason: str, expected: str | None) -> None:
        super().__init__(f"{place.path}: {reason}" if place.path else reason)
        self.path = place.path
        self.reason = reason
        self.expected = expected
        self.others: tuple[ConditionFormError, ...] = ()
