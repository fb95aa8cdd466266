"""One thing that is wrong with a journey."""

from dataclasses import dataclass
from enum import StrEnum

from domain.condition_forms.errors import Place


class FaultKind(StrEnum):
    """What kind of fault it is, for programs to branch on."""

    REQUIRED = "required"
    NOT_ALLOWED = "not_allowed"
    INVALID_FORMAT = "invalid_format"
    UNKNOWN_VALUE = "unknown_value"
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    NOT_FOUND = "not_found"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class JourneyFault:
    """`field`: its dotted path in the document, such as `blocks.0.action.sendEmail.subject`."""

    field: str
    kind: FaultKind
    reason: str
    expected: str | None = None


def required(place: Place, expected: str = "present") -> JourneyFault:
    return JourneyFault(place.path, FaultKind.REQUIRED, "required", expected)


def not_allowed(place: Place, reason: str, expected: str | None = None) -> JourneyFault:
    return JourneyFault(place.path, FaultKind.NOT_ALLOWED, reason, expected)


def read_only(place: Place) -> JourneyFault:
    return not_allowed(place, "read-only", "as it is shown, or no such field")


def malformed(place: Place, reason: str, expected: str | None = None) -> JourneyFault:
    return JourneyFault(place.path, FaultKind.INVALID_FORMAT, reason, expected)


def out_of_range(place: Place, reason: str, expected: str) -> JourneyFault:
    return JourneyFault(place.path, FaultKind.OUT_OF_RANGE, reason, expected)


def wrong_type(place: Place, reason: str, expected: str) -> JourneyFault:
    return JourneyFault(place.path, FaultKind.WRONG_TYPE, reason, expected)


def unknown(place: Place, reason: str, expected: str | None = None) -> JourneyFault:
    return JourneyFault(place.path, FaultKind.UNKNOWN_VALUE, reason, expected)


def missing(place: Place, what: str, where: str = "program") -> JourneyFault:
    return JourneyFault(place.path, FaultKind.NOT_FOUND, f"no such {what}", f"one of this {where}")


def duplicate(place: Place, first: Place) -> JourneyFault:
    return JourneyFault(place.path, FaultKind.DUPLICATE, f"the same as {first.path}", "a value of its own")
