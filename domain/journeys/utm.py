"""The UTM tags of what a journey sends. A tag that is not set has a default."""

from collections.abc import Mapping, Sequence

from domain.journeys.blocks import ActionType, Block
from domain.journeys.normalising import blocks_by_id

Tags = Mapping[str, str]
SOURCE, MEDIUM, CAMPAIGN = "source", "medium", "campaign"
TAGS = (SOURCE, MEDIUM, CAMPAIGN)
DEFAULT_SOURCE = "omnisend"
MEDIA: Mapping[ActionType, str] = {
    ActionType.SEND_EMAIL: "email",
    ActionType.SEND_SMS: "sms",
    ActionType.SEND_PUSH: "push",
    ActionType.SEND_WHATSAPP: "whatsapp",
}


def send_blocks(blocks: Sequence[Block]) -> dict[str, ActionType]:
    """What each send block sends, by its id, in the order of the journey."""
    return {
        block_id: block.action.type
        for block_id, block in blocks_by_id(blocks).items()
        if block.action is not None and block.action.type in MEDIA
    }


def tags_of(journey_id: str, name: str, sends: ActionType, tags: Tags) -> dict[str, str]:
    """All three tags of a block. `tags`: those that were set; an empty one is as good as none."""
    defaults = {
        SOURCE: DEFAULT_SOURCE,
        MEDIUM: MEDIA[sends],
        CAMPAIGN: f"automation: {name} ({journey_id})",
    }
    return {tag: tags.get(tag) or defaults[tag] for tag in TAGS}
