"""What publishing a version of a journey means for the people inside who walk others."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.condition_forms.errors import Place
from domain.journeys.validation import JourneyFault
from domain.journeys.validation.faults import missing, not_allowed, required

STEP_MAP = Place("stepMap")


class PublishMode(StrEnum):
    """`pin`: they go on in the version they walk. `follow`: whoever stands at a block that the new version has goes
    on from it there, the others are pinned. `migrate`: the others too, where a step map says."""

    PIN = "pin"
    FOLLOW = "follow"
    MIGRATE = "migrate"


class Outcome(StrEnum):
    """`pinned`: in their version. `follows`: at the same block, which goes on waiting till when it would have.
    `moves`: to another block, which begins anew. `leaves`: the journey."""

    PINNED = "pinned"
    FOLLOWS = "follows"
    MOVES = "moves"
    LEAVES = "leaves"


@dataclass(frozen=True, slots=True)
class Standing:
    """So many people in a version stand at a block; `block_id` None: they have not begun."""

    content_hash: str
    block_id: str | None
    people: int


@dataclass(frozen=True, slots=True)
class Impact:
    """`to`: the block that they move to."""

    standing: Standing
    outcome: Outcome
    to: str | None = None


@dataclass(frozen=True, slots=True)
class PublishPlan:
    """`step_map`: from a block of another version to one of the new version, or to None, out of the journey."""

    mode: PublishMode
    step_map: Mapping[str, str | None]

    def impacts(self, standing: Sequence[Standing], blocks: Collection[str]) -> list[Impact]:
        """What becomes of people of other versions. `blocks`: those of the new version."""
        return [self._impact(each, blocks) for each in standing]

    def faults(self, standing: Sequence[Standing], blocks: Collection[str]) -> Iterator[JourneyFault]:
        """Of the step map: a place for everybody, and none that is not there. It may name blocks where nobody stands
        by now."""
        gone = {each.block_id for each in standing if each.block_id is not None} - set(blocks)
        for block_id in sorted(self.step_map):
            at = STEP_MAP.of(block_id)
            if block_id in blocks:
                yield not_allowed(at, "the new version has this block", "a block that is gone")
            elif (target := self.step_map[block_id]) is not None and target not in blocks:
                yield missing(at, "block", "new version")
        if self.mode is PublishMode.MIGRATE:
            for block_id in sorted(gone - self.step_map.keys()):
                people = sum(each.people for each in standing if each.block_id == block_id)
                yield required(STEP_MAP.of(block_id), f"a block, or null, for the {people} who stand there")

    def _impact(self, standing: Standing, blocks: Collection[str]) -> Impact:
        block_id = standing.block_id
        if self.mode is PublishMode.PIN:
            return Impact(standing, Outcome.PINNED)
        if block_id is None or block_id in blocks:
            return Impact(standing, Outcome.FOLLOWS)
        if block_id not in self.step_map:
            return Impact(standing, Outcome.PINNED)
        target = self.step_map[block_id]
        return Impact(standing, Outcome.LEAVES) if target is None else Impact(standing, Outcome.MOVES, target)
