"""What makes a message template one that can be sent. Every text in it is parsed and tried before it is stored."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from domain.actions import Channel, SendMessage
from domain.definition_rules import DefinitionError, template_faults
from domain.fixed_links import is_broken_link
from domain.message_content import NAMES_OF_VALUES, Content, MessageContents
from domain.message_options import A_URL

_NO_VALUES: dict[str, object] = {name: {} for name in NAMES_OF_VALUES}
# Webhooks and the console pass on what they are given.
_PASSED_ON = (Channel.WEBHOOK, Channel.CONSOLE)
_CHANNELS_OF: Mapping[str, Sequence[Channel]] = {
    "html": (Channel.EMAIL,),
    "preheader": (Channel.EMAIL,),
    "content_sid": (Channel.WHATSAPP,),
    "content_variables": (Channel.WHATSAPP,),
    "title": (Channel.PUSH, Channel.APPRISE, *_PASSED_ON),
    "click_url": (Channel.PUSH, *_PASSED_ON),
    "data": (Channel.PUSH, *_PASSED_ON),
    "media": (Channel.SMS, Channel.WHATSAPP, Channel.PUSH, *_PASSED_ON),
}


def content_faults(channel: Channel, contents: MessageContents) -> Iterator[DefinitionError]:
    """Everything that is wrong with contents for a channel; each names its field."""
    if contents.default_locale not in contents.contents:
        given = ", ".join(contents.contents)
        yield DefinitionError("default_locale", "has no content", f"one of {given}")
    for locale, content in contents.contents.items():
        at = f"contents.{locale}"
        yield from _faults_for_channel(channel, content, at)
        for field, source in content.sources():
            yield from template_faults(f"{at}.{field}", source, _NO_VALUES, html=field == "html")
        for field, source in content.links():
            if is_broken_link(source):
                yield DefinitionError(f"{at}.{field}", "not a URL", A_URL)


def _faults_for_channel(channel: Channel, content: Content, at: str) -> Iterator[DefinitionError]:
    if channel is Channel.EMAIL:
        if not content.subject:
            yield DefinitionError(f"{at}.subject", "required for the channel email", "present")
        if not content.body and not content.html:
            yield DefinitionError(f"{at}.body", "required", "body, html or both")
    elif not content.body.strip() and content.content_sid is None:
        yield DefinitionError(f"{at}.body", "required", "present")
    for field, channels in _CHANNELS_OF.items():
        if getattr(content, field) and channel not in channels:
            expected = f"only for the channel {' or '.join(channels)}"
            yield DefinitionError(f"{at}.{field}", f"not a field of the channel {channel}", expected)


def fault_of_use(
    field: str, template_id: UUID, wanted: Channel, channels: dict[UUID, Channel]
) -> DefinitionError | None:
    """What is wrong with sending a template on a channel. `channels`: of the templates that there are."""
    channel = channels.get(template_id)
    if channel is None:
        return DefinitionError(field, "no such message template in this program")
    if channel is not wanted:
        return DefinitionError(field, f"is a template for the channel {channel}", f"one for {wanted}")
    return None


def template_use(action: object) -> tuple[UUID, Channel] | None:
    """The template that an action sends, and on which channel."""
    if isinstance(action, SendMessage) and action.template_id is not None:
        return action.template_id, action.channel
    return None
