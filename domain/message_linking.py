"""A message with its links, as it is handed over: to unsubscribe, and through Carillon to where they lead."""

from dataclasses import dataclass
from uuid import UUID

from domain.actions import Channel
from domain.html_links import add_at_end, pixel, rewrite_links
from domain.message_links import LONGEST_TARGET, UNSUBSCRIBE_LINK, MessageLinks, ShortenedLink
from domain.message_options import MessageOptions
from domain.message_tracking import Tracking
from domain.text_links import rewrite_text_links

TEXTED = (Channel.SMS, Channel.WHATSAPP)


@dataclass(frozen=True, slots=True)
class Linked:
    """`shortened`: the links in it that have to be kept before it leaves."""

    subject: str
    body: str
    options: MessageOptions
    shortened: tuple[ShortenedLink, ...] = ()


def link_message(
    links: MessageLinks | None,
    tracking: Tracking,
    channel: Channel,
    message_id: UUID,
    subject: str,
    body: str,
    options: MessageOptions,
) -> Linked:
    """The same each time. Without `links`, as where Carillon has no address for people, no link leads to it.

    Places for the unsubscribe link are filled. A mail offers it as a header too; its HTML links are followed, and
    whether it is opened, as far as `tracking` and its own options say. So are those of a text message that is to have
    short ones.
    """
    shortened: dict[str, ShortenedLink] = {}
    if links is not None and channel in TEXTED and options.shorten_links and tracking.of(options).clicks:
        body = _with_short_links(body, links, message_id, shortened)
    unsubscribe = "" if links is None else links.unsubscribe_url(message_id)
    subject, body = (text.replace(UNSUBSCRIBE_LINK, unsubscribe) for text in (subject, body))
    html = options.html
    if html is not None and links is not None:
        html = _followed(html, links, tracking.of(options), message_id)
    if html is not None:
        html = html.replace(UNSUBSCRIBE_LINK, unsubscribe)
    changed: dict[str, object] = {"html": html}
    if channel is Channel.EMAIL and unsubscribe and options.unsubscribe_url is None:
        changed["unsubscribe_url"] = unsubscribe
    return Linked(subject, body, options.model_copy(update=changed), tuple(shortened.values()))


def _with_short_links(
    body: str, links: MessageLinks, message_id: UUID, shortened: dict[str, ShortenedLink]
) -> str:
    def shorter(url: str) -> str:
        if url.startswith(f"{links.public_url}/") or len(url.encode()) > LONGEST_TARGET:
            return url
        shortened[url] = links.shortened(message_id, url)
        return links.short_url(shortened[url])

    return rewrite_text_links(body, shorter)


def _followed(html: str, links: MessageLinks, tracking: Tracking, message_id: UUID) -> str:
    def through_carillon(url: str) -> str:
        ours = url.startswith(f"{links.public_url}/")
        return url if ours or len(url.encode()) > LONGEST_TARGET else links.click_url(message_id, url)

    if tracking.clicks:
        html = rewrite_links(html, through_carillon)
    return add_at_end(html, pixel(links.open_url(message_id))) if tracking.opens else html
