"""Which segments made-up people are in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.expressions import PARTICIPANT_EVENT, compile_condition
from domain.journeys.event_patterns import EventPattern
from domain.journeys.simulated_segments import SimulatedSegments
from domain.journeys.stepping import Row

VIPS, NEW, EVERYBODY = UUID(int=3 << 32), UUID(int=1 << 32), UUID(int=2 << 32)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ANY_SEGMENT = EventPattern("entered segment", None, None)


def values_of(row: Row, now: datetime) -> Mapping[str, object]:
    return {"participant.tags": row["tags"], "participant.created_at": row["created_at"], "now": now}


def person(number: int, *tags: str) -> Row:
    return {"id": UUID(int=number), "tags": list(tags), "created_at": NOW}


def membership(**expressions: str) -> SimulatedSegments:
    by_name = {"vips": VIPS, "new": NEW, "everybody": EVERYBODY}
    conditions = {by_name[name]: compile_condition(text) for name, text in expressions.items()}
    return SimulatedSegments(conditions, values_of)


def test_somebody_is_in_every_segment_whose_condition_holds_in_order() -> None:
    segments = membership(vips='"vip" in participant.tags', everybody="true", new="false")
    assert segments.of(person(1, "vip"), NOW) == [str(EVERYBODY), str(VIPS)]
    assert segments.of(person(2), NOW) == [str(EVERYBODY)]


def test_they_are_in_others_as_they_change_and_as_time_passes() -> None:
    segments = membership(
        vips='"vip" in participant.tags', new='participant.created_at > now - duration("24h")'
    )
    assert segments.of(person(1), NOW) == [str(NEW)]
    assert segments.of(person(1, "vip"), NOW) == [str(NEW), str(VIPS)]
    assert segments.of(person(1, "vip"), NOW + timedelta(days=2)) == [str(VIPS)]


def test_the_members_of_a_triggers_segments_are_those_of_any_that_it_picks() -> None:
    segments = membership(vips='"vip" in participant.tags', new="false")
    people = {row["id"]: row for row in (person(1, "vip"), person(2))}
    assert segments.members(people, ANY_SEGMENT, NOW) == [UUID(int=1)]
    only_new = EventPattern(
        "entered segment", None, compile_condition(f'event.segment_id == "{NEW.hex[:24]}"', PARTICIPANT_EVENT)
    )
    assert segments.members(people, only_new, NOW) == []
