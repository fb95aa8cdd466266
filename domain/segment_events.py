"""The event that tells that a participant has entered a segment."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from domain.journeys.definition import ENTERED_SEGMENT
from domain.journeys.event_patterns import EventPattern
from domain.journeys.validation.surroundings import OWN_ORIGIN
from domain.segment_ids import hex_id

SEGMENT_SOURCE = OWN_ORIGIN


def entered_segment_data(segment_id: UUID) -> dict[str, Any]:
    return {"type": ENTERED_SEGMENT, "segment_id": hex_id(segment_id)}


def segments_picked(pattern: EventPattern, among: Iterable[UUID]) -> list[UUID]:
    """The segments whose events a trigger picks."""
    return [id_ for id_ in among if pattern.picks(ENTERED_SEGMENT, SEGMENT_SOURCE, entered_segment_data(id_))]
