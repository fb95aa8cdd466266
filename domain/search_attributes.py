"""Typed search attributes: the one list, registered by `carillon setup` and set by every workflow."""

from uuid import UUID

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

PROGRAM = SearchAttributeKey.for_keyword("CarillonProgram")
AUTOMATION = SearchAttributeKey.for_keyword("CarillonAutomation")
JOURNEY = SearchAttributeKey.for_keyword("CarillonJourney")
KIND = SearchAttributeKey.for_keyword("CarillonKind")
STATUS = SearchAttributeKey.for_keyword("CarillonStatus")
TRIGGER_TYPE = SearchAttributeKey.for_keyword("CarillonTriggerType")

ALL = (PROGRAM, AUTOMATION, JOURNEY, KIND, STATUS, TRIGGER_TYPE)


def of_automation(automation_id: UUID, kind: str, program_id: UUID | None = None) -> TypedSearchAttributes:
    pairs = [SearchAttributePair(AUTOMATION, str(automation_id)), SearchAttributePair(KIND, kind)]
    if program_id is not None:
        pairs.append(SearchAttributePair(PROGRAM, str(program_id)))
    return TypedSearchAttributes(pairs)


def of_event_pump() -> TypedSearchAttributes:
    return TypedSearchAttributes([SearchAttributePair(KIND, "event_pump")])


def of_journey(journey_id: str) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [SearchAttributePair(JOURNEY, journey_id), SearchAttributePair(KIND, "journey")]
    )


def of_messages(program_id: UUID) -> TypedSearchAttributes:
    return TypedSearchAttributes(
        [SearchAttributePair(PROGRAM, str(program_id)), SearchAttributePair(KIND, "messages")]
    )


def of_webhook() -> TypedSearchAttributes:
    return TypedSearchAttributes([SearchAttributePair(KIND, "webhook")])
