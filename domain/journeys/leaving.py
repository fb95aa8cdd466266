"""What the events of participants inside a journey do to them: they leave, reach a goal, or stop waiting."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.journeys.definition import JourneyDefinition
from domain.journeys.event_patterns import EventPattern, event_pattern
from domain.journeys.plan import Plan, compile_plan, every_block


@dataclass(frozen=True, slots=True)
class Goal:
    block_id: str
    pattern: EventPattern


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
    """What a version of a journey listens to for those inside it. `goals`: as they are written."""

    plan: Plan
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
            ahead = self.plan.reaches(block_id, goal.block_id)
            if ahead and goal.pattern.picks(type_, source, data):
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
    goals: list[Goal] = []
    waits: dict[str, EventPattern] = {}
    for block in every_block(definition):
        if block.goal is not None:
            pattern = event_pattern(block.goal.event, block.goal.origin, block.goal.filter_groups)
            goals.append(Goal(block.id, pattern))
        elif block.wait is not None:
            waits[block.id] = event_pattern(block.wait.event, block.wait.origin, block.wait.filter_groups)
    return InsideListener(compile_plan(definition), exits, tuple(goals), waits)
