"""Filters of journeys: on the data of events, on contacts, and on what became of messages."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from domain.condition_forms import ConditionFormError, FilterGroup, Operator, Subject, cel_of_filter_groups
from domain.condition_forms.errors import Place
from domain.condition_forms.operators import EQUALITY, LISTED, ORDER, PRESENCE, TEXT_TESTS
from domain.event_properties import PropertyType
from domain.journeys.blocks import ActionType
from domain.journeys.filters import SplitFilterType
from domain.journeys.validation.faults import (
    FaultKind,
    JourneyFault,
    malformed,
    missing,
    not_allowed,
    required,
    unknown,
    wrong_type,
)
from domain.journeys.validation.joined_filters import joined_faults
from domain.journeys.validation.reading import Document, child, each, is_given, text
from domain.journeys.validation.surroundings import KnownEvent, Surroundings

SEGMENT_OF_EVENT = "segment_id"
SEGMENT_OF_CONTACT = "segmentID"
BLOCK_ID = "blockID"
# Which block each engagement is with, and whether it is a click.
ENGAGEMENTS: Mapping[str, tuple[ActionType, bool]] = {
    "openedEmail": (ActionType.SEND_EMAIL, False),
    "clickedEmail": (ActionType.SEND_EMAIL, True),
    "clickedSms": (ActionType.SEND_SMS, True),
    "openedPush": (ActionType.SEND_PUSH, False),
    "clickedPush": (ActionType.SEND_PUSH, True),
}
_TYPED: Mapping[PropertyType, tuple[frozenset[Operator], tuple[type, ...], str]] = {
    PropertyType.STRING: (PRESENCE | EQUALITY | LISTED | TEXT_TESTS, (str,), "a text"),
    PropertyType.NUMBER: (PRESENCE | EQUALITY | LISTED | ORDER, (int, float), "a number"),
    PropertyType.BOOLEAN: (PRESENCE | EQUALITY | LISTED, (bool,), "true or false"),
    # Filters cannot loop: there is but the question whether there is such a property.
    PropertyType.ARRAY: (PRESENCE, (), "a list"),
    PropertyType.OBJECT: (PRESENCE, (), "an object"),
}
_SCALAR_PROPERTY = "a scalar property"


def event_group_faults(group: Document, event: KnownEvent, place: Place) -> Iterator[JourneyFault]:
    for each_filter, at in each(group, "filters", place):
        yield from event_filter_faults(each_filter, event, at)


def event_filter_faults(written: Document, event: KnownEvent, place: Place) -> Iterator[JourneyFault]:
    """`event`: what is known of the event that the filter is about."""
    operator = _operator(written)
    field = text(written, "field")
    if operator is None:
        if text(written, "operator") is not None:
            yield unknown(place.of("operator"), "unknown", " or ".join(Operator))
        return
    if field is None:
        return
    inside = _list_around(field, event)
    if inside is not None:
        yield not_allowed(place.of("field"), f"{inside} is a list", _SCALAR_PROPERTY)
        return
    typed = _TYPED.get(event.properties.get(field, PropertyType.MIXED))
    if typed is not None:
        taken, types, what = typed
        if operator not in taken:
            allowed = " or ".join(known for known in Operator if known in taken)
            expected = allowed if types else f"{_SCALAR_PROPERTY}, or {allowed}"
            yield not_allowed(
                place.of("operator"), f"{operator} is not for a property that is {what}", expected
            )
            return
    faults = list(_form_faults(written, Subject.EVENT, place))
    yield from faults
    if typed is not None and not faults and is_given(written, "value"):
        yield from _type_faults(written["value"], operator, typed[1], typed[2], place.of("value"))


def _list_around(field: str, event: KnownEvent) -> str | None:
    """The property with lists as its values that the field is of the items of, if so."""
    steps = field.split(".")
    above = (".".join(steps[:count]) for count in range(1, len(steps)))
    return next((path for path in above if event.properties.get(path) is PropertyType.ARRAY), None)


def _type_faults(
    value: Any, operator: Operator, types: tuple[type, ...], what: str, place: Place
) -> Iterator[JourneyFault]:
    listed = operator in LISTED
    for index, item in enumerate(value if listed else [value]):
        fits = isinstance(item, types) and (bool in types or not isinstance(item, bool))
        if not fits:
            at = place.of(index) if listed else place
            yield wrong_type(at, f"the property is {what}", f"{what}, as the event has it there")


def audience_faults(group: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    faults = [
        fault
        for written, at in each(group, "filters", place)
        for fault in contact_filter_faults(written, around, at)
    ]
    yield from faults or joined_faults([group], Subject.CONTACT, place)


def contact_filter_faults(written: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    if text(written, "field") == SEGMENT_OF_EVENT:
        yield unknown(place.of("field"), "unknown field", SEGMENT_OF_CONTACT)
        return
    if text(written, "operator") is not None and _operator(written) is None:
        yield unknown(place.of("operator"), "unknown", "eq or neq or gt or lt or contains or notContains")
        return
    faults = list(_form_faults(written, Subject.CONTACT, place))
    yield from faults
    if not faults and text(written, "field") == SEGMENT_OF_CONTACT:
        yield from segment_faults(written, around, place)


def segment_faults(written: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    """The segments that the value of a filter names are there."""
    value = written.get("value")
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if item not in around.segments:
                yield missing(place.of("value").of(index), "segment")
    elif isinstance(value, str) and value not in around.segments:
        yield missing(place.of("value"), "segment")


def split_faults(
    group: Document,
    event: KnownEvent,
    around: Surroundings,
    sent_above: Mapping[str, str | None],
    place: Place,
) -> Iterator[JourneyFault]:
    """`event`: what started the journey. `sent_above`: the send blocks that lead here, by id, and what each sends."""
    faults = [
        fault
        for written, at in each(group, "filters", place)
        for fault in _split_filter_faults(written, event, around, sent_above, at)
    ]
    yield from faults or joined_faults([group], Subject.EVENT, place)


def _split_filter_faults(
    written: Document,
    event: KnownEvent,
    around: Surroundings,
    sent_above: Mapping[str, str | None],
    place: Place,
) -> Iterator[JourneyFault]:
    kind = text(written, "type")
    if kind == SplitFilterType.MESSAGE:
        yield from _message_faults(written, sent_above, place)
        return
    if is_given(written, "urlMatch"):
        yield not_allowed(place.of("urlMatch"), "only clicked messages have it", "no such field")
    if kind == SplitFilterType.EVENT:
        yield from event_filter_faults(written, event, place)
    elif kind == SplitFilterType.CONTACT:
        yield from contact_filter_faults(written, around, place)


def _message_faults(
    written: Document, sent_above: Mapping[str, str | None], place: Place
) -> Iterator[JourneyFault]:
    if text(written, "field") not in (None, BLOCK_ID):
        yield unknown(place.of("field"), "unknown", BLOCK_ID)
    operator = text(written, "operator")
    engagement = ENGAGEMENTS.get(operator or "")
    if operator is not None and engagement is None:
        yield unknown(place.of("operator"), "unknown", " or ".join(ENGAGEMENTS))
    if not is_given(written, "value"):
        yield required(place.of("value"), "the id of a send block above this one")
    elif (block := text(written, "value")) is None or block not in sent_above:
        yield not_allowed(
            place.of("value"), "no send block above this one", "the id of a send block above this one"
        )
    elif engagement is not None and sent_above[block] != engagement[0]:
        yield not_allowed(place.of("value"), f"{operator} is not for this block", f"a {engagement[0]} block")
    if is_given(written, "urlMatch"):
        match = child(written, "urlMatch")
        if engagement is not None and not engagement[1]:
            yield not_allowed(place.of("urlMatch"), "only clicked messages have it", "no such field")
        elif text(match, "operator") not in (None, "any") and not text(match, "value"):
            yield required(place.of("urlMatch").of("value"), "a text, unless the operator is any")


def _operator(written: Document) -> Operator | None:
    try:
        return Operator(text(written, "operator") or "")
    except ValueError:
        return None


def _form_faults(written: Document, subject: Subject, place: Place) -> Iterator[JourneyFault]:
    """At most one: what keeps the filter from being translated to an expression."""
    given = {name: written[name] for name in ("field", "operator", "value") if is_given(written, name)}
    try:
        group = FilterGroup.model_validate({"logicalOperator": "and", "filters": [given]})
    except ValidationError as error:
        problem = error.errors()[0]
        path = [str(step) for step in problem["loc"][2:] if step in given or isinstance(step, int)]
        if problem["type"] != "missing":
            yield malformed(Place(".".join([place.path, *path])), str(problem["msg"]))
        return
    try:
        cel_of_filter_groups([group], subject)
    except ConditionFormError as error:
        path_in_filter = error.path.removeprefix("0.filters.0").lstrip(".")
        at = Place(f"{place.path}.{path_in_filter}" if path_in_filter else place.path)
        yield JourneyFault(at.path, _kind_of(error, path_in_filter), error.reason, error.expected)


def _kind_of(error: ConditionFormError, path: str) -> FaultKind:
    if error.reason == "required":
        return FaultKind.REQUIRED
    if path == "operator":
        return FaultKind.NOT_ALLOWED
    return FaultKind.UNKNOWN_VALUE if error.reason.startswith("unknown") else FaultKind.INVALID_FORMAT
