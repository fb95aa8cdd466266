"""The UTM tags of what a journey sends, and the links that carry them. A tag that is not set has a default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from domain.html_links import rewrite_links
from domain.journeys.blocks import ActionType, Block
from domain.journeys.normalising import blocks_by_id
from domain.message_content import RenderedMessage
from domain.message_options import MAX_URL
from domain.text_links import rewrite_text_links

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


@dataclass(frozen=True, slots=True)
class UtmTags:
    """The tags of a journey. `by_block`: those that were set, by the id of the block."""

    journey_id: str
    name: str
    by_block: Mapping[str, Tags]

    def on_links(self, message: RenderedMessage, block: Block) -> RenderedMessage:
        """What a send block says, with its tags on every link that has none of its own."""
        assert block.action is not None
        tags = tags_of(self.journey_id, self.name, block.action.type, self.by_block.get(block.id, {}))

        def tagged(url: str) -> str:
            return with_tags(url, tags)

        options = message.options
        changed = {
            name: rewrite(written, tagged)
            for name, rewrite in (("html", rewrite_links), ("click_url", rewrite_text_links))
            if (written := getattr(options, name)) is not None
        }
        return RenderedMessage(
            message.subject,
            rewrite_text_links(message.body, tagged),
            options.model_copy(update=changed) if changed else options,
        )


def with_tags(url: str, tags: Tags) -> str:
    """The address with each tag that it does not have itself; as it is where it is no address, or becomes too long."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    there = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    missing = {f"utm_{tag}": value for tag, value in tags.items() if f"utm_{tag}" not in there}
    query = "&".join(part for part in (parts.query, urlencode(missing)) if part)
    result = parts._replace(query=query).geturl()
    return result if len(result) <= MAX_URL else url
