"""A version of a journey, ready to be walked: its plan, with every condition compiled."""

from collections.abc import Mapping
from dataclasses import dataclass

from domain.journeys.conditions import Compile, SplitCondition, split_condition
from domain.journeys.definition import JourneyDefinition, JourneySettings
from domain.journeys.plan import Plan, compile_plan


@dataclass(frozen=True, slots=True)
class Route:
    """`splits`: by the id of their block."""

    journey_id: str
    content_hash: str
    plan: Plan
    splits: Mapping[str, SplitCondition]
    settings: JourneySettings

    @property
    def asked_about(self) -> frozenset[str]:
        """The blocks about whose messages a split asks."""
        return frozenset(test.block_id for split in self.splits.values() for test in split.messages)

    @property
    def variables(self) -> frozenset[str]:
        """Dotted variables that its conditions refer to."""
        conditions = (split.condition for split in self.splits.values())
        return frozenset().union(*(one.variables for one in conditions if one is not None))


def compile_route(
    journey_id: str, content_hash: str, definition: JourneyDefinition, compile_: Compile | None = None
) -> Route:
    """Raises PlanError and ConditionFormError, which a definition that was validated does not bring about.

    `compile_`: makes conditions of their texts, in the environment of participants and events.
    """
    plan = compile_plan(definition)
    splits = {
        node.id: split_condition(node.block.split.filter_group, compile_)
        for node in plan.nodes.values()
        if node.block.split is not None
    }
    return Route(journey_id, content_hash, plan, splits, definition.settings)
