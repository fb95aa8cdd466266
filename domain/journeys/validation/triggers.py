"""What starts a journey, and what ends it early."""

import re
from collections.abc import Iterator, Sequence

from domain.condition_forms import Subject
from domain.condition_forms.errors import Place
from domain.journeys.definition import BIRTHDAY, ENTERED_SEGMENT, NOT_FROM_CLIENTS
from domain.journeys.validation.delays import duration_faults
from domain.journeys.validation.faults import JourneyFault, malformed, not_allowed, required, unknown
from domain.journeys.validation.filters import (
    SEGMENT_OF_CONTACT,
    SEGMENT_OF_EVENT,
    audience_faults,
    event_group_faults,
    segment_faults,
)
from domain.journeys.validation.joined_filters import joined_faults
from domain.journeys.validation.reading import Document, child, each, is_given, text
from domain.journeys.validation.surroundings import (
    OWN_ORIGIN,
    WITHOUT_ORIGIN,
    Surroundings,
)

# A year each way.
LONGEST_SHIFT_HOURS = 8_784
BIRTHDATE = "birthdate"
_SHIFT = re.compile(r"(?P<hours>[+-]?[0-9]{1,5})h")
_ONE_FILTER = "one group of one filter: birthdate eq, with a shift such as -24h"
_SHIFT_EXPECTED = f"hours from the birthday, such as -24h or 48h, at most {LONGEST_SHIFT_HOURS}"


def birthday_shift_hours(value: object) -> int | None:
    """The hours that a text such as `-24h` tells; None for anything else."""
    told = _SHIFT.fullmatch(value) if isinstance(value, str) else None
    if told is None or abs(hours := int(told["hours"])) > LONGEST_SHIFT_HOURS:
        return None
    return hours


def trigger_faults(trigger: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    condition = child(trigger, "condition")
    yield from condition_faults(condition, around, place.of("condition"))
    at = place.of("audienceFilterGroup")
    yield from audience_faults(child(trigger, "audienceFilterGroup"), around, at)
    quiet = child(child(trigger, "inactivitySettings"), "duration")
    yield from duration_faults(quiet, place.of("inactivitySettings").of("duration"))
    if is_given(trigger, "inactivitySettings") and text(condition, "event") in NOT_FROM_CLIENTS:
        reason = f"{text(condition, 'event')} has no timer that could start anew"
        yield not_allowed(place.of("inactivitySettings"), reason, "an event that clients send")


def condition_faults(condition: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    event = text(condition, "event")
    if event is None:
        return
    yield from origin_faults(condition, event, around, place)
    if event == BIRTHDAY:
        yield from _birthday_faults(condition, place)
        return
    groups = list(each(condition, "filterGroups", place))
    yield from _event_filters_faults(event, groups, around, place.of("filterGroups"))


def awaited_faults(condition: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    """Of a wait or a goal: a condition as a trigger has it, of an event that comes to people inside."""
    if text(condition, "event") == BIRTHDAY:
        yield not_allowed(place.of("event"), f"{BIRTHDAY} comes to nobody in a journey", "another event")
        return
    yield from condition_faults(condition, around, place)


def exit_faults(condition: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    event = text(condition, "event")
    if event is None:
        return
    if event in NOT_FROM_CLIENTS:
        yield not_allowed(place.of("event"), f"{event} ends no journey", "another event")
        return
    yield from origin_faults(condition, event, around, place)
    at = place.of("filterGroup")
    yield from _event_filters_faults(event, [(child(condition, "filterGroup"), at)], around, at)


def _event_filters_faults(
    event: str, groups: Sequence[tuple[Document, Place]], around: Surroundings, place: Place
) -> Iterator[JourneyFault]:
    """`place`: of all of them together."""
    faults: list[JourneyFault] = []
    for group, at in groups:
        if event == ENTERED_SEGMENT:
            faults += _entered_segment_faults(group, around, at)
        faults += event_group_faults(group, around.event(event), at)
    yield from faults or joined_faults([group for group, _ in groups], Subject.EVENT, place)


def origin_faults(
    condition: Document, event: str, around: Surroundings, place: Place
) -> Iterator[JourneyFault]:
    at = place.of("origin")
    origin = text(condition, "origin")
    if event in WITHOUT_ORIGIN:
        if origin:
            yield not_allowed(at, f"{event} has no origin", "no such field")
        return
    if event == ENTERED_SEGMENT and origin is None:
        yield required(at, OWN_ORIGIN)
        return
    known = around.event(event).origins
    told = " or ".join(sorted(known))
    if origin is None and len(known) > 1:
        yield required(at, f"{told}, as the event has several origins")
    elif origin is not None and known and origin not in known:
        yield unknown(at, f"no origin of {event}", told)


def _birthday_faults(condition: Document, place: Place) -> Iterator[JourneyFault]:
    at = place.of("filterGroups")
    groups = condition.get("filterGroups")
    if not isinstance(groups, list | tuple) or not groups:
        return
    filters = [
        found
        for group, where in each(condition, "filterGroups", place)
        for found in each(group, "filters", where)
    ]
    if len(groups) != 1 or len(filters) > 1:
        yield not_allowed(at, "more than one filter", _ONE_FILTER)
        return
    for written, where in filters:
        if text(written, "field") not in (None, BIRTHDATE):
            yield unknown(where.of("field"), "unknown field", BIRTHDATE)
        if text(written, "operator") not in (None, "eq"):
            yield not_allowed(where.of("operator"), "not for birthdate", "eq")
        if not is_given(written, "value"):
            yield required(where.of("value"), _SHIFT_EXPECTED)
        elif birthday_shift_hours(written["value"]) is None:
            yield malformed(where.of("value"), "not a shift in hours", _SHIFT_EXPECTED)


def _entered_segment_faults(group: Document, around: Surroundings, place: Place) -> Iterator[JourneyFault]:
    for written, at in each(group, "filters", place):
        field = text(written, "field")
        if field == SEGMENT_OF_EVENT:
            yield from segment_faults(written, around, at)
        elif field is not None:
            hint = ", as it is written for events" if field == SEGMENT_OF_CONTACT else ""
            yield unknown(at.of("field"), "unknown field", f"{SEGMENT_OF_EVENT}{hint}")
