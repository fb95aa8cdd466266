"""A message as it is handed over: its places for links filled, its links followed as far as is wanted."""

from uuid import UUID

import pytest

from domain.actions import Channel
from domain.message_linking import Linked, link_message
from domain.message_links import UNSUBSCRIBE_LINK, MessageLinks
from domain.message_options import NO_OPTIONS, MessageOptions
from domain.message_tracking import EVERYTHING, Tracking, message_tracking
from domain.templates import parse_template

LINKS = MessageLinks("https://carillon.example", ["k" * 32])
MESSAGE = UUID("0b6e1b0e-7f8e-4a7a-9b7e-3f1a2b3c4d5e")
UNSUBSCRIBE = LINKS.unsubscribe_url(MESSAGE)
SHOP = "https://shop.example/?a=1"
HTML = f'<body><a href="{SHOP}">shop</a> <a href="{UNSUBSCRIBE_LINK}">no more</a></body>'


def linked(
    options: MessageOptions = NO_OPTIONS,
    *,
    channel: Channel = Channel.EMAIL,
    body: str = "",
    links: MessageLinks | None = LINKS,
    tracking: Tracking = EVERYTHING,
) -> Linked:
    return link_message(links, tracking, channel, MESSAGE, "Hello", body, options)


def html_of(**said: object) -> str:
    tracking = said.pop("tracking", EVERYTHING)
    assert isinstance(tracking, Tracking)
    html = linked(MessageOptions.model_validate({"html": HTML} | said), tracking=tracking).options.html
    assert html is not None
    return html


def test_templates_say_where_the_link_goes_and_the_message_has_it() -> None:
    for name in ("unsubscribe_url", "unsubscribe_link"):
        body = parse_template("No more: {{ " + name + " }}").render({"participant": {}})
        assert linked(body=body).body == f"No more: {UNSUBSCRIBE}"
        assert linked(body=body, channel=Channel.SMS).body == f"No more: {UNSUBSCRIBE}"


def test_a_mail_offers_the_link_as_a_header_too() -> None:
    assert linked().options.unsubscribe_url == UNSUBSCRIBE
    own = MessageOptions(unsubscribe_url="https://shop.example/preferences")
    assert linked(own).options.unsubscribe_url == own.unsubscribe_url
    assert linked(channel=Channel.SMS).options == NO_OPTIONS


def test_in_html_links_are_followed_the_unsubscribe_link_is_not_and_a_pixel_is_added() -> None:
    html = html_of()
    assert f'href="{LINKS.click_url(MESSAGE, SHOP)}"' in html
    assert f'href="{UNSUBSCRIBE}"' in html
    assert LINKS.open_url(MESSAGE) in html
    assert html.endswith("</body>")


@pytest.mark.parametrize(
    ("tracking", "said", "opens", "clicks"),
    [
        (Tracking(), {}, True, True),
        (Tracking(opens=False), {}, False, True),
        (Tracking(clicks=False), {}, True, False),
        (Tracking(), {"track_opens": False}, False, True),
        (Tracking(), {"track_clicks": False}, True, False),
        (Tracking(False, False), {"track_opens": True, "track_clicks": True}, True, True),
        (Tracking(False, False), {}, False, False),
    ],
)
def test_it_is_followed_what_the_program_says_unless_the_message_says_otherwise(
    tracking: Tracking, said: dict[str, bool], opens: bool, clicks: bool
) -> None:
    html = html_of(tracking=tracking, **said)
    assert (LINKS.open_url(MESSAGE) in html) is opens
    assert (SHOP in html) is not clicks
    assert f'href="{UNSUBSCRIBE}"' in html


def test_a_program_says_what_is_followed_in_its_settings() -> None:
    assert message_tracking({}) == EVERYTHING
    assert message_tracking({"message_tracking": {"opens": False}}) == Tracking(opens=False, clicks=True)


def test_links_that_lead_here_already_or_are_too_long_are_left_alone() -> None:
    for url in (f"{LINKS.public_url}/u/token", "https://shop.example/" + "x" * 2_000):
        options = MessageOptions(html=f'<a href="{url}">')
        html = linked(options, tracking=Tracking(opens=False)).options.html
        assert html == options.html


def test_where_no_link_can_lead_here_the_places_for_it_are_empty_and_nothing_is_followed() -> None:
    done = linked(MessageOptions(html=HTML), body=f"No more: {UNSUBSCRIBE_LINK}", links=None)
    assert done.body == "No more: "
    assert done.options.html == HTML.replace(UNSUBSCRIBE_LINK, "")
    assert done.options.unsubscribe_url is None


def test_a_text_message_that_is_to_has_short_links_that_are_to_be_kept() -> None:
    options = MessageOptions(shorten_links=True)
    done = linked(options, channel=Channel.SMS, body=f"{SHOP} and {SHOP}. {UNSUBSCRIBE_LINK}")
    (link,) = done.shortened
    assert (link.message_id, link.url, len(link.code)) == (MESSAGE, SHOP, 12)
    assert done.body == f"{LINKS.short_url(link)} and {LINKS.short_url(link)}. {UNSUBSCRIBE}"
    assert link != LINKS.shortened(MESSAGE, f"{SHOP}2") != LINKS.shortened(UUID(int=1), SHOP)


@pytest.mark.parametrize(
    ("channel", "said", "tracking"),
    [
        (Channel.SMS, {}, EVERYTHING),
        (Channel.SMS, {"shorten_links": True}, Tracking(clicks=False)),
        (Channel.SMS, {"shorten_links": True, "track_clicks": False}, EVERYTHING),
        (Channel.EMAIL, {"shorten_links": True}, EVERYTHING),
    ],
)
def test_other_texts_stay_as_they_were_written(
    channel: Channel, said: dict[str, bool], tracking: Tracking
) -> None:
    done = linked(MessageOptions.model_validate(said), channel=channel, body=SHOP, tracking=tracking)
    assert (done.body, done.shortened) == (SHOP, ())


def test_a_message_has_the_same_links_each_time_it_is_sent() -> None:
    options = MessageOptions(html=HTML)
    assert linked(options) == linked(options)
