"""The blocks of journeys as clients write them, each nested under the key that its type names."""

from typing import Annotated, Generic, TypeVar

from pydantic import Field

from api.schemas.journey_action import ActionIn, PatchAction
from api.schemas.journey_filter import EventFilterGroupIn, SplitFilterGroupIn
from api.schemas.journey_text import AnyText, AtLeastOne, Label, Percentage, Written, maybe_sent
from domain.journeys.blocks import BlockType, DelayMode, DelayUnit, DelayZone, Weekday

BlockIn = TypeVar("BlockIn")
TemporaryId = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=36, description="Unique in the request", examples=["hello"]),
]


class DurationIn(Written):
    """`M`: months."""

    amount: AtLeastOne
    units: DelayUnit


class DelayIn(Written):
    """`duration`, and no `time`, with mode duration; `time` (HH:MM) with specificTime. `timezone` is ours: whose clock
    it goes by."""

    mode: DelayMode
    duration: DurationIn | None = None
    time: AnyText | None = None
    allowed_weekdays: Annotated[list[Weekday], Field(min_length=1, max_length=7)] | None = None
    timezone: DelayZone = DelayZone.BRAND


class SplitIn(Written, Generic[BlockIn]):
    """At least one branch has blocks. Blocks after the split are for both branches."""

    filter_group: SplitFilterGroupIn
    true_blocks: list[BlockIn] = Field(default_factory=list)
    false_blocks: list[BlockIn] = Field(default_factory=list)


class AbTestingIn(Written, Generic[BlockIn]):
    """At least one branch has blocks; the others go to `bBlocks`. Blocks after it are for both branches."""

    a_blocks_percentage: Percentage
    a_blocks: list[BlockIn] = Field(default_factory=list)
    b_blocks: list[BlockIn] = Field(default_factory=list)


class ConditionIn(Written):
    event: Label
    origin: Label | None = None
    filter_groups: Annotated[list[EventFilterGroupIn], Field(max_length=20)] | None = None


class WaitIn(ConditionIn, Generic[BlockIn]):
    """Ours: waits for such an event of the contact, at most `timeout`."""

    timeout: DurationIn
    event_blocks: list[BlockIn] = Field(default_factory=list)
    timeout_blocks: list[BlockIn] = Field(default_factory=list)


class GoalIn(ConditionIn):
    """Ours: whoever has such an event while they are before this block goes on here, and counts as converted."""


class HoldoutIn(Written):
    """Ours: so many of a hundred leave here, as a control group."""

    percentage: Percentage


class RandomArmIn(Written, Generic[BlockIn]):
    weight: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
    blocks: list[BlockIn] = Field(default_factory=list)


class RandomSplitIn(Written, Generic[BlockIn]):
    """Ours: an A/B test of several arms, each with its share by weight."""

    arms: Annotated[list[RandomArmIn[BlockIn]], Field(min_length=2, max_length=20)]


class _AnyBlock(Written, Generic[BlockIn]):
    type: BlockType
    delay: DelayIn | None = None
    action: ActionIn | None = None
    split: SplitIn[BlockIn] | None = None
    ab_testing: AbTestingIn[BlockIn] | None = None
    wait: WaitIn[BlockIn] | None = None
    goal: GoalIn | None = None
    holdout: HoldoutIn | None = None
    random_split: RandomSplitIn[BlockIn] | None = None


class CreateBlock(_AnyBlock["CreateBlock"]):
    """Exactly the part that `type` names is there. The answer has an `id` in place of `temporaryID`."""

    temporary_id: TemporaryId


class PutBlock(_AnyBlock["PutBlock"]):
    """Exactly the part that `type` names is there. With the `id` of a block, that block; with a `temporaryID`, a new
    one."""

    id: Label | None = None
    temporary_id: TemporaryId | None = None


class PatchSplit(Written):
    """Its branches cannot change."""

    filter_group: SplitFilterGroupIn


class PatchAbTesting(Written):
    """Its branches cannot change."""

    a_blocks_percentage: Percentage


class PatchWait(ConditionIn):
    """Its branches cannot change."""

    timeout: DurationIn = maybe_sent()


class PatchBlock(Written):
    """`id` names the block, `type` says what it is. A delay, a goal and a holdout are replaced as a whole."""

    id: Label
    type: BlockType
    delay: DelayIn | None = None
    action: PatchAction | None = None
    split: PatchSplit | None = None
    ab_testing: PatchAbTesting | None = None
    wait: PatchWait | None = None
    goal: GoalIn | None = None
    holdout: HoldoutIn | None = None
