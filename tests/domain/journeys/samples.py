"""Journeys, events and people for the tests of who enters and who leaves."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from domain.journeys.definition import JourneyDefinition
from domain.journeys.intake import Journeys, JourneyScene, Person, VersionListener, version_listener
from domain.rules.processing import EventFacts

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROGRAM = uuid4()
TAG: dict[str, Any] = {"type": "action", "action": {"type": "addTag", "addTag": {"value": "vip"}}}


def block(id_: str, **of_type: Any) -> dict[str, Any]:
    """`delay={...}`, `split={...}`; without one, an action."""
    if not of_type:
        return {"id": id_, **TAG}
    (name,) = of_type
    return {"id": id_, "type": "".join(_camel(name)), _camel(name): of_type[name]}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def filters(*each: tuple[Any, ...], how: str = "and") -> dict[str, Any]:
    """A filter group of (field, operator) or (field, operator, value)."""
    return {
        "logicalOperator": how,
        "filters": [dict(zip(("field", "operator", "value"), one, strict=False)) for one in each],
    }


def definition(
    event: str = "placed order", *, origin: str | None = None, groups: list[Any] | None = None, **parts: Any
) -> JourneyDefinition:
    """`audience`, `inactivity`: of the trigger; the others as in a definition."""
    condition: dict[str, Any] = {"event": event, "origin": origin, "filterGroups": groups or []}
    trigger = {
        "condition": condition,
        "audienceFilterGroup": parts.pop("audience", None),
        "inactivitySettings": parts.pop("inactivity", None),
    }
    return JourneyDefinition.model_validate({"trigger": trigger, "blocks": [block("a")]} | parts)


def listener(journey_id: str = "j", **parts: Any) -> VersionListener:
    made = definition(**parts)
    return version_listener(journey_id, made.content_hash(), made)


def journeys(*open_: VersionListener, older: tuple[VersionListener, ...] = ()) -> Journeys:
    triggered: dict[tuple[UUID, str], list[VersionListener]] = {}
    for one in open_:
        if one.trigger is not None:
            triggered.setdefault((PROGRAM, one.trigger.event), []).append(one)
    return Journeys(
        {one.version: one for one in (*open_, *older)}, triggered, {one.journey_id: one for one in open_}
    )


def event(type_: str = "placed order", participant_id: UUID | None = None, **data: Any) -> EventFacts:
    event_id = uuid4()
    source, chain = data.pop("source", "api"), data.pop("chain", ())
    return EventFacts(
        id=event_id,
        program_id=PROGRAM,
        type=type_,
        source=source,
        data={"type": type_, **data},
        participant_id=participant_id,
        conversation_id=None,
        channel_source=None,
        subject_id=participant_id or event_id,
        chain=chain,
    )


def person(status: str = "ACTIVE", **values: Any) -> Person:
    return Person(uuid4(), status, lambda: {f"participant.{name}": value for name, value in values.items()})


def nobody() -> JourneyScene:
    return JourneyScene()
