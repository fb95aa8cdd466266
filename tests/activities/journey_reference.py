"""A simple interpreter of journeys: one person, and the blocks that are still before them, nearest first.

It knows no plan, no rows and no sets; the engine must come to the same.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from domain.journeys.arms import arm_of, is_within, place
from domain.journeys.blocks import ActionType, Block, DelayUnit
from domain.journeys.definition import JourneyDefinition
from domain.journeys.stepping import is_skip_allowed

UNIT = {
    DelayUnit.MINUTES: timedelta(minutes=1),
    DelayUnit.HOURS: timedelta(hours=1),
    DelayUnit.DAYS: timedelta(days=1),
}


@dataclass
class Walker:
    """Somebody inside. `ahead`: the blocks before them. `waits`: the first of them has begun to wait."""

    journey_id: str
    participant_id: UUID
    may_be_mailed: bool
    ahead: list[Block]
    entered_at: datetime
    wake_at: datetime | None
    status: str = "active"
    waits: bool = False
    event_came: bool = False
    begun: bool = False
    tags: list[str] = field(default_factory=list)
    path: list[tuple[str, str]] = field(default_factory=list)
    sent: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(
        cls, definition: JourneyDefinition, journey_id: str, participant_id: UUID, mailed: bool, now: datetime
    ) -> "Walker":
        return cls(journey_id, participant_id, mailed, list(definition.blocks), now, now)

    @property
    def stands_at(self) -> str | None:
        return self.ahead[0].id if self.ahead and self.begun else None

    def advance(self, now: datetime) -> None:
        """Whatever is due by now."""
        if self.status != "active" or self.wake_at is None or self.wake_at > now:
            return
        self.wake_at = None
        while self.status == "active" and self.wake_at is None:
            if not self.ahead:
                self.status = "completed"
                return
            self._take(now)
            self.begun = True

    def exit(self) -> None:
        if self.status == "active":
            self.status, self.wake_at = "exited", None

    def hear_of_event(self, now: datetime) -> None:
        """The one that they wait for, if they do."""
        if self.status == "active" and self.waits and self.ahead[0].wait is not None:
            self.event_came, self.wake_at = True, now

    def follow(self, definition: JourneyDefinition) -> None:
        """Go over to another version, at the same block, if it has that."""
        if self.status != "active":
            return
        rest = (
            list(definition.blocks) if self.stands_at is None else _behind(definition.blocks, self.stands_at)
        )
        if rest is not None:
            self.ahead = rest

    def _take(self, now: datetime) -> None:
        block = self.ahead[0]
        waited, self.waits = self.waits, False
        if block.delay is not None and not waited:
            assert block.delay.duration is not None
            start = now if self.begun else self.entered_at
            end = start + block.delay.duration.amount * UNIT[block.delay.duration.units]
            if end > now:
                self._wait(block, end)
                return
            self.path.append((block.id, "passed"))
        if block.wait is not None and not waited:
            self._wait(block, now + block.wait.timeout.amount * UNIT[block.wait.timeout.units])
            return
        self.ahead = [*self._branch(block), *self.ahead[1:]]

    def _wait(self, block: Block, until: datetime) -> None:
        self.waits, self.wake_at = True, until
        self.path.append((block.id, "waiting"))

    def _branch(self, block: Block) -> tuple[Block, ...]:
        """What a block that is over leads through."""
        where = place(self.journey_id, block.id, self.participant_id)
        if block.wait is not None:
            self.path.append((block.id, "branched"))
            came, self.event_came = self.event_came, False
            return block.wait.event_blocks if came else block.wait.timeout_blocks
        if block.split is not None:
            self.path.append((block.id, "branched"))
            holds = block.split.filter_group.filters[0].value in self.tags
            return block.split.true_blocks if holds else block.split.false_blocks
        if block.ab_testing is not None:
            self.path.append((block.id, "branched"))
            is_a = is_within(block.ab_testing.a_blocks_percentage, where)
            return block.ab_testing.a_blocks if is_a else block.ab_testing.b_blocks
        if block.random_split is not None:
            self.path.append((block.id, "branched"))
            arms = block.random_split.arms
            return arms[arm_of([arm.weight for arm in arms], where)].blocks
        if block.holdout is not None:
            out = is_within(block.holdout.percentage, where)
            self.path.append((block.id, "held_out" if out else "passed"))
            self.status = "exited" if out else "active"
        elif block.action is not None:
            self._act(block)
        return ()

    def _act(self, block: Block) -> None:
        action = block.action
        assert action is not None
        if action.type is ActionType.ADD_TAG:
            assert action.add_tag is not None
            self.path.append((block.id, "changed"))
            if action.add_tag.value not in self.tags:
                self.tags.append(action.add_tag.value)
        elif self.may_be_mailed:
            self.path.append((block.id, "sent"))
            self.sent[block.id] += 1
        elif is_skip_allowed(action):
            self.path.append((block.id, "skipped"))
        else:
            self.path.append((block.id, "cancelled"))
            self.status = "cancelled"


def _behind(blocks: tuple[Block, ...], block_id: str) -> list[Block] | None:
    """The block and all that follows it, in this tree; None where it is not there."""
    for index, block in enumerate(blocks):
        rest = list(blocks[index + 1 :])
        if block.id == block_id:
            return [block, *rest]
        for branch in _branches(block):
            inside = _behind(branch, block_id)
            if inside is not None:
                return [*inside, *rest]
    return None


def _branches(block: Block) -> list[tuple[Block, ...]]:
    if block.split is not None:
        return [block.split.true_blocks, block.split.false_blocks]
    if block.ab_testing is not None:
        return [block.ab_testing.a_blocks, block.ab_testing.b_blocks]
    if block.wait is not None:
        return [block.wait.event_blocks, block.wait.timeout_blocks]
    return [arm.blocks for arm in block.random_split.arms] if block.random_split is not None else []
