"""The settings of a program that Carillon reads; clients may keep others beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeGuard

from pydantic import ValidationError

from domain.expressions import AttributeType
from domain.message_tracking import FIELDS as TRACKED
from domain.message_tracking import SETTING as MESSAGE_TRACKING
from domain.participant import CONSENT_CHANNELS
from domain.send_gates.rules import MAX_CAPS, NO_RULES, SendingRules

ON_UNKNOWN_PARTICIPANT = "on_unknown_participant"
COUNTERS = "counters"
ATTRIBUTE_TYPES = "attribute_types"
VISITS = "visits"
VISIT_TYPES = ("visit", "order")
AMOUNT = "amount"
SENDING = "sending"
MAX_COUNTERS = 100
MAX_VISIT_TYPES = 20
MAX_NAME_LENGTH = 255

_SENDING_FIELDS = "frequency_caps, quiet_hours, recently_contacted, holdout_percentage, hold_after_failures"
_PERSONAL = f"{', '.join(CONSENT_CHANNELS[:-1])} or {CONSENT_CHANNELS[-1]}"
_CLOCK = "a clock time such as 21:00"
_EXPECTED_OF = {
    "frequency_caps": f'at most {MAX_CAPS} of {{"messages": 1 to 1000, "hours": 1 to 8760, "channel": ...}}',
    "messages": "a whole number from 1 to 1000",
    "hours": "a whole number from 1 to 8760",
    "channel": f"{_PERSONAL}, or no such field for all together",
    "channels": f"a list of {_PERSONAL}",
    "quiet_hours": '{"start": "21:00", "end": "08:00", "policy": "defer" or "skip"}, start and end not the same',
    "start": _CLOCK,
    "end": _CLOCK,
    "policy": "defer or skip",
    "recently_contacted": '{"hours": 1 to 8760, "same_channel": true or false}',
    "same_channel": "true or false",
    "holdout_percentage": "a whole number from 0 to 100",
    "hold_after_failures": '{"percentage": 1 to 100, "of_last": 10 to 1000}',
    "percentage": "a whole number from 1 to 100",
    "of_last": "a whole number from 10 to 1000",
}

_NAME = f"text of 1 to {MAX_NAME_LENGTH} characters"


class SettingError(ValueError):
    """A setting cannot be used: `field` is its dotted path within the settings."""

    def __init__(self, field: str, reason: str, expected: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
        self.expected = expected


class UnknownParticipant(StrEnum):
    """What becomes of an event for an external_id that nobody in the program has."""

    CREATE = "CREATE"
    REJECT = "REJECT"


@dataclass(frozen=True, slots=True)
class EventCounter:
    """Each event of `event_type` adds to `counter` the number at `add` in its event_data; without `add`, 1."""

    counter: str
    event_type: str
    add: str | None


@dataclass(frozen=True, slots=True)
class VisitSettings:
    """Each event of one of these types is a visit; `amount` names the number in its event_data that was spent."""

    event_types: frozenset[str]
    amount: str


def check_settings(settings: Mapping[str, Any]) -> None:
    """Raises SettingError for a setting that Carillon reads and could not use."""
    on_unknown_participant(settings)
    event_counters(settings)
    attribute_types(settings)
    visit_settings(settings)
    sending_rules(settings)
    _check_tracking(settings)


def on_unknown_participant(settings: Mapping[str, Any]) -> UnknownParticipant:
    """Raises SettingError for a value that is neither."""
    try:
        return UnknownParticipant(settings.get(ON_UNKNOWN_PARTICIPANT, UnknownParticipant.CREATE))
    except ValueError:
        raise SettingError(ON_UNKNOWN_PARTICIPANT, "unknown", " or ".join(UnknownParticipant)) from None


def event_counters(settings: Mapping[str, Any]) -> tuple[EventCounter, ...]:
    """The counters that events add to. Raises SettingError for one that is not described as expected."""
    described = settings.get(COUNTERS, {})
    if not isinstance(described, dict):
        raise SettingError(COUNTERS, "not a JSON object", "an object of counters by name")
    if len(described) > MAX_COUNTERS:
        raise SettingError(COUNTERS, f"{len(described)} counters", f"at most {MAX_COUNTERS}")
    return tuple(_event_counter(name, description) for name, description in described.items())


def attribute_types(settings: Mapping[str, Any]) -> Mapping[str, AttributeType]:
    """What the attributes are, by name, as far as the program says. Raises SettingError for no such type."""
    described = settings.get(ATTRIBUTE_TYPES, {})
    if not isinstance(described, dict):
        raise SettingError(ATTRIBUTE_TYPES, "not a JSON object", "an object of types by the attribute's name")
    types = {}
    for name, type_ in described.items():
        if not _is_name(name):
            raise SettingError(f"{ATTRIBUTE_TYPES}.{name}", "the name has the wrong length", _NAME)
        if not isinstance(type_, str) or type_ not in tuple(AttributeType):
            raise SettingError(f"{ATTRIBUTE_TYPES}.{name}", "unknown", " or ".join(AttributeType))
        types[name] = AttributeType(type_)
    return types


def visit_settings(settings: Mapping[str, Any]) -> VisitSettings:
    """What counts as a visit. Raises SettingError for what is not described as expected."""
    described = settings.get(VISITS, {})
    if not isinstance(described, dict):
        raise SettingError(VISITS, "not a JSON object", '{"event_types": [...], "amount": ...}')
    for field in described:
        if field not in ("event_types", AMOUNT):
            raise SettingError(f"{VISITS}.{field}", "unknown field", "event_types or amount")
    types = described.get("event_types", list(VISIT_TYPES))
    if not isinstance(types, list) or len(types) > MAX_VISIT_TYPES or not all(map(_is_name, types)):
        raise SettingError(
            f"{VISITS}.event_types", "not a list of types", f"up to {MAX_VISIT_TYPES}, each {_NAME}"
        )
    amount = described.get(AMOUNT, AMOUNT)
    if not _is_name(amount):
        raise SettingError(f"{VISITS}.{AMOUNT}", "not a name", _NAME)
    return VisitSettings(frozenset(types), amount)


def sending_rules(settings: Mapping[str, Any]) -> SendingRules:
    """What keeps messages of all kinds from a person. Raises SettingError for a rule that cannot be read."""
    if SENDING not in settings:
        return NO_RULES
    try:
        return SendingRules.model_validate(settings[SENDING])
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        named = [str(part) for part in first["loc"]]
        field = next((part for part in reversed(named) if not part.isdigit()), SENDING)
        reason = "unknown field" if first["type"] == "extra_forbidden" else first["msg"]
        expected = (
            _SENDING_FIELDS
            if first["type"] == "extra_forbidden"
            else _EXPECTED_OF.get(field, _SENDING_FIELDS)
        )
        raise SettingError(".".join((SENDING, *named)), reason, expected) from None


def readable_rules(settings: Mapping[str, Any]) -> SendingRules:
    """The same; none where they were stored before they were checked, and cannot be read."""
    try:
        return sending_rules(settings)
    except SettingError:
        return NO_RULES


def _check_tracking(settings: Mapping[str, Any]) -> None:
    described = settings.get(MESSAGE_TRACKING, {})
    if not isinstance(described, dict):
        raise SettingError(MESSAGE_TRACKING, "not a JSON object", '{"opens": ..., "clicks": ...}')
    for field, value in described.items():
        if field not in TRACKED:
            raise SettingError(f"{MESSAGE_TRACKING}.{field}", "unknown field", " or ".join(TRACKED))
        if not isinstance(value, bool):
            raise SettingError(f"{MESSAGE_TRACKING}.{field}", "neither true nor false", "true or false")


def _event_counter(name: str, description: object) -> EventCounter:
    path = f"{COUNTERS}.{name}"
    if not _is_name(name):
        raise SettingError(path, "the name has the wrong length", _NAME)
    if not isinstance(description, dict):
        raise SettingError(path, "not a JSON object", '{"event_type": ..., "add": ...}')
    for field in description:
        if field not in ("event_type", "add"):
            raise SettingError(f"{path}.{field}", "unknown field", "event_type or add")
    event_type = description.get("event_type")
    if not _is_name(event_type):
        raise SettingError(f"{path}.event_type", "required" if event_type is None else "not a name", _NAME)
    if "add" not in description:
        return EventCounter(name, event_type, None)
    add = description["add"]
    if not _is_name(add):
        raise SettingError(f"{path}.add", "not a name", f"{_NAME}, or no such field to add 1")
    return EventCounter(name, event_type, add)


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 1 <= len(value) <= MAX_NAME_LENGTH
