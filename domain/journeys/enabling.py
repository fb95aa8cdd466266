"""Whom enabling a journey may let in besides those whom its trigger lets in from then on."""

from domain.journeys.blocks import BlockType
from domain.journeys.definition import BACK_IN_STOCK, BIRTHDAY, ENTERED_SEGMENT, JourneyDefinition

NOT_APPLICABLE = "enroll-existing-not-applicable"


def why_none_exist(definition: JourneyDefinition, *, was_enabled_before: bool) -> str | None:
    """Why nobody can be let in for what happened before; None when somebody can.

    Those of an event enter whose event lies within the first delay, which therefore has to be the first block;
    those of a segment on its first enabling alone.
    """
    event = definition.trigger.condition.event
    if event in (BIRTHDAY, BACK_IN_STOCK):
        return f"{event} lets nobody in for what has been"
    if event == ENTERED_SEGMENT:
        return "it has been enabled before; a copy of it lets them in" if was_enabled_before else None
    if definition.trigger.inactivity_settings is not None:
        return "it begins after a quiet time, which nobody has watched"
    if definition.blocks[0].type is not BlockType.DELAY:
        return "its first block is no delay, within which their event could lie"
    return None
