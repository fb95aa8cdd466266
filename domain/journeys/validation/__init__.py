"""What makes a journey one that can run: every rule that a document breaks is told at once, with its place in it."""

from domain.journeys.validation.faults import FaultKind, JourneyFault
from domain.journeys.validation.journey import (
    BlockIds,
    WrittenBlocks,
    block_faults,
    journey_faults,
    parts_faults,
)
from domain.journeys.validation.size import MAX_BLOCKS, MAX_DEPTH, size_faults
from domain.journeys.validation.surroundings import KnownEvent, Surroundings

__all__ = [
    "MAX_BLOCKS",
    "MAX_DEPTH",
    "BlockIds",
    "FaultKind",
    "JourneyFault",
    "KnownEvent",
    "Surroundings",
    "WrittenBlocks",
    "block_faults",
    "journey_faults",
    "parts_faults",
    "size_faults",
]
