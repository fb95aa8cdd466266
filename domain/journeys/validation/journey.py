"""A journey as a whole, or the parts of it that a client sent."""

from collections.abc import Iterator, Sequence

from domain.condition_forms.errors import Place
from domain.journeys.validation.blocks import BlockIds, WrittenBlocks, tree_faults
from domain.journeys.validation.faults import JourneyFault
from domain.journeys.validation.reading import Document, child, document, each
from domain.journeys.validation.settings import settings_faults
from domain.journeys.validation.surroundings import Surroundings
from domain.journeys.validation.triggers import exit_faults, trigger_faults


def journey_faults(
    journey: object, around: Surroundings, written: WrittenBlocks = WrittenBlocks()
) -> list[JourneyFault]:
    """Every rule that the journey breaks, in the order of a document. The size of its blocks has been checked."""
    whole = document(journey)
    return [
        *parts_faults(whole, around),
        *block_faults(whole.get("blocks"), child(whole, "trigger"), around, written),
    ]


def parts_faults(journey: Document, around: Surroundings) -> Iterator[JourneyFault]:
    """Of all but the blocks."""
    yield from trigger_faults(child(journey, "trigger"), around, Place("trigger"))
    for condition, place in each(journey, "exitConditions", Place()):
        yield from exit_faults(condition, around, place)
    yield from settings_faults(child(journey, "settings"), around, Place("settings"))


def block_faults(
    blocks: object, trigger: Document, around: Surroundings, written: WrittenBlocks
) -> Sequence[JourneyFault]:
    return list(tree_faults(blocks, trigger, around, written, Place("blocks")))


__all__ = ["BlockIds", "WrittenBlocks", "block_faults", "journey_faults", "parts_faults"]
