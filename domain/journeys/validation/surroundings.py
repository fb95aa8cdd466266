"""What a journey refers to, and what there is of it in its program."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.destinations import DestinationRules
from domain.event_properties import Properties
from domain.journeys.definition import BACK_IN_STOCK, BIRTHDAY, ENTERED_SEGMENT
from domain.storable_text import is_storable

# Events that no client sends, so that they have no origin.
WITHOUT_ORIGIN = frozenset({BIRTHDAY, BACK_IN_STOCK, "subscribed to marketing"})
OWN_ORIGIN = "omnisend"


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """What has been learned of an event: the types of its properties by dotted path, and where it came from."""

    properties: Properties = field(default_factory=dict)
    origins: frozenset[str] = frozenset()


UNKNOWN_EVENT = KnownEvent()
_ENTERED_SEGMENT = KnownEvent(origins=frozenset({OWN_ORIGIN}))


@dataclass(frozen=True, slots=True)
class References:
    """The names and ids that a document mentions, whether or not there is such a thing."""

    events: frozenset[str]
    segments: frozenset[str]
    templates: frozenset[str]
    journeys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Of what is referred to, what there is. `own_id`: the journey's, once it has one. `destinations`: where
    webhooks may go."""

    events: Mapping[str, KnownEvent] = field(default_factory=dict)
    segments: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()
    journeys: frozenset[str] = frozenset()
    own_id: str | None = None
    destinations: DestinationRules = field(default_factory=DestinationRules)

    def event(self, name: str | None) -> KnownEvent:
        if name == ENTERED_SEGMENT:
            return _ENTERED_SEGMENT
        return self.events.get(name or "", UNKNOWN_EVENT)

    def origin_of(self, name: str, origin: str | None) -> str | None:
        """The origin that an event is taken to have: the one given, or else the only one there is."""
        if name in WITHOUT_ORIGIN:
            return None
        origins = self.event(name).origins
        return next(iter(origins)) if origin is None and len(origins) == 1 else origin


_KEPT = {
    "event": "events",
    "templateID": "templates",
    "contentID": "templates",
    "automationID": "journeys",
    "automationIDs": "journeys",
}
_SEGMENT_FIELDS = ("segmentID", "segment_id")


def references_of(document: object) -> References:
    """Whatever a document mentions anywhere; its size has been checked."""
    found: dict[str, set[str]] = {name: set() for name in References.__slots__}
    for name, value in _mentions(document):
        found[name].add(value)
    return References(**{name: frozenset(values) for name, values in found.items()})


def _mentions(part: object) -> Iterator[tuple[str, str]]:
    if isinstance(part, list | tuple):
        for item in part:
            yield from _mentions(item)
    elif isinstance(part, Mapping):
        if part.get("field") in _SEGMENT_FIELDS:
            yield from _texts("segments", part.get("value"))
        for key, value in part.items():
            if key in _KEPT:
                yield from _texts(_KEPT[key], value)
            yield from _mentions(value)


def _texts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    for item in value if isinstance(value, list | tuple) else (value,):
        if isinstance(item, str) and is_storable(item):
            yield name, item
