"""A journey's tree of blocks as a flat plan: where one goes on from each block. Loops cannot be written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from domain.journeys.blocks import ActionType, Block, BlockType
from domain.journeys.definition import JourneyDefinition


class PlanError(ValueError):
    """The blocks do not make a plan: two have the same id."""


@dataclass(frozen=True, slots=True)
class Node:
    """A block, and the ids of the blocks after it; None is the end of the journey.

    `next`: once the block is over, for a block with branches once the branch is. `branches`: where each of its
    branches begins, which for an empty one is `next`. `place`: counts blocks as they are written.
    """

    block: Block
    next: str | None
    branches: tuple[str | None, ...]
    place: int

    @property
    def id(self) -> str:
        return self.block.id


@dataclass(frozen=True)
class Plan:
    """`first`: where everybody begins; None: there are no blocks."""

    first: str | None
    nodes: Mapping[str, Node]

    def __contains__(self, block_id: str) -> bool:
        return block_id in self.nodes

    def reaches(self, block_id: str | None, target: str) -> bool:
        """Whether somebody who stands at the block, or has not begun, may still come to `target`. Nobody comes to
        where they stand."""
        if block_id is None:
            return target in self.nodes
        return target in self._ahead.get(block_id, frozenset())

    def of_type(self, type_: BlockType) -> list[Block]:
        """The blocks of a type, as they are written."""
        return [node.block for node in self.nodes.values() if node.block.type is type_]

    def of_action(self, type_: ActionType) -> list[Block]:
        """The blocks of an action, as they are written."""
        return [
            node.block
            for node in self.nodes.values()
            if node.block.action is not None and node.block.action.type is type_
        ]

    @cached_property
    def _ahead(self) -> Mapping[str, frozenset[str]]:
        ahead: dict[str, frozenset[str]] = {}
        # A block's followers are written after it, so backwards each is known when it is asked for.
        for node in sorted(self.nodes.values(), key=lambda one: -one.place):
            followers = {one for one in (*node.branches, node.next) if one is not None}
            ahead[node.id] = frozenset(followers).union(*(ahead[one] for one in followers))
        return MappingProxyType(ahead)


def compile_plan(definition: JourneyDefinition) -> Plan:
    """The plan of a definition. Raises PlanError."""
    nodes: dict[str, Node] = {}
    # By hand instead of by recursion, so that no depth of branches is too deep.
    open_: list[tuple[Sequence[Block], int, str | None]] = [(definition.blocks, 0, None)]
    while open_:
        blocks, index, after = open_.pop()
        if index == len(blocks):
            continue
        block = blocks[index]
        if block.id in nodes:
            raise PlanError(f"two blocks have the id {block.id}")
        following = blocks[index + 1].id if index + 1 < len(blocks) else after
        branches = branches_of(block)
        begins = tuple(branch[0].id if branch else following for branch in branches)
        nodes[block.id] = Node(block, following, begins, len(nodes))
        open_.append((blocks, index + 1, after))
        open_ += [(branch, 0, following) for branch in reversed(branches)]
    return Plan(definition.blocks[0].id if definition.blocks else None, MappingProxyType(nodes))


def branches_of(block: Block) -> tuple[tuple[Block, ...], ...]:
    """The branches of a block, in the order of their arms; none of a block that does not branch."""
    if block.split is not None:
        return (block.split.true_blocks, block.split.false_blocks)
    if block.ab_testing is not None:
        return (block.ab_testing.a_blocks, block.ab_testing.b_blocks)
    if block.wait is not None:
        return (block.wait.event_blocks, block.wait.timeout_blocks)
    if block.random_split is not None:
        return tuple(arm.blocks for arm in block.random_split.arms)
    return ()


def every_block(definition: JourneyDefinition) -> Iterator[Block]:
    """Every block at any depth, each before those in its branches."""
    open_ = list(reversed(definition.blocks))
    while open_:
        block = open_.pop()
        yield block
        open_ += reversed([inner for branch in branches_of(block) for inner in branch])
