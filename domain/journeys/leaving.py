"""What the events of participants inside a journey do to them: they leave, reach a goal, or stop waiting."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.journeys.blocks import Block
from domain.journeys.definition import JourneyDefinition
from domain.journeys.event_patterns import EventPattern, event_pattern


@dataclass(frozen=True, slots=True)
class Goal:
    """`before`: the blocks from which the way leads to it, so that whoever stands there has not passed it."""

    block_id: str
    pattern: EventPattern
    before: frozenset[str]


@dataclass(frozen=True, slots=True)
class Leaves:
    """`number`: of the exit condition, from 0."""

    number: int


@dataclass(frozen=True, slots=True)
class ReachesGoal:
    block_id: str


@dataclass(frozen=True, slots=True)
class StopsWaiting:
    """At the wait block where they stand."""

    block_id: str


Consequence = Leaves | ReachesGoal | StopsWaiting


@dataclass(frozen=True, slots=True)
class InsideListener:
    """What a version of a journey listens to for those inside it."""

    exits: tuple[EventPattern, ...]
    goals: tuple[Goal, ...]
    waits: Mapping[str, EventPattern]

    @property
    def events(self) -> frozenset[str]:
        """The types of event that can have a consequence."""
        goals = (goal.pattern.event for goal in self.goals)
        return frozenset(
            {*(one.event for one in self.exits), *goals, *(one.event for one in self.waits.values())}
        )

    def consequence(
        self, block_id: str | None, type_: str, source: str, data: Mapping[str, Any]
    ) -> Consequence | None:
        """Of an event for somebody who stands at `block_id`, None before the first step.

        One at most: an exit before all else, then the nearest goal ahead, then the wait where they stand.
        """
        for number, pattern in enumerate(self.exits):
            if pattern.picks(type_, source, data):
                return Leaves(number)
        for goal in self.goals:
            if (block_id is None or block_id in goal.before) and goal.pattern.picks(type_, source, data):
                return ReachesGoal(goal.block_id)
        wait = None if block_id is None else self.waits.get(block_id)
        if wait is not None and block_id is not None and wait.picks(type_, source, data):
            return StopsWaiting(block_id)
        return None


def inside_listener(definition: JourneyDefinition) -> InsideListener:
    """Raises ConditionFormError for filters that do not fit."""
    exits = tuple(
        event_pattern(one.event, one.origin, () if one.filter_group is None else (one.filter_group,))
        for one in definition.exit_conditions
    )
    waits = {
        block.id: event_pattern(block.wait.event, block.wait.origin, block.wait.filter_groups)
        for block in _all_blocks(definition.blocks)
        if block.wait is not None
    }
    return InsideListener(exits, tuple(_goals(definition.blocks, frozenset())), waits)


def _goals(blocks: Sequence[Block], before: frozenset[str]) -> Iterator[Goal]:
    """In the order of the way. `before`: what lies before all of `blocks`."""
    for block in blocks:
        if block.goal is not None:
            pattern = event_pattern(block.goal.event, block.goal.origin, block.goal.filter_groups)
            yield Goal(block.id, pattern, before)
        before |= {block.id}
        for branch in branches_of(block):
            yield from _goals(branch, before)
        before |= {inner.id for branch in branches_of(block) for inner in _all_blocks(branch)}


def _all_blocks(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        for branch in branches_of(block):
            yield from _all_blocks(branch)


def branches_of(block: Block) -> tuple[tuple[Block, ...], ...]:
    """The sequences of blocks inside a block, in the order in which they are written."""
    if block.split is not None:
        return block.split.true_blocks, block.split.false_blocks
    if block.ab_testing is not None:
        return block.ab_testing.a_blocks, block.ab_testing.b_blocks
    if block.wait is not None:
        return block.wait.event_blocks, block.wait.timeout_blocks
    if block.random_split is not None:
        return tuple(arm.blocks for arm in block.random_split.arms)
    return ()
