"""The UTM tags that links of a journey's messages carry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.journeys.blocks import Block
from domain.journeys.utm import UtmTags, with_tags
from domain.message_content import RenderedMessage
from domain.message_options import MAX_URL, MessageOptions

TAGS = {"source": "club", "medium": "email", "campaign": "Spring & summer"}
TAGGED = "utm_source=club&utm_medium=email&utm_campaign=Spring+%26+summer"
MAIL = Block.model_validate(
    {
        "id": "b",
        "type": "action",
        "action": {
            "type": "sendEmail",
            "sendEmail": {
                "contentID": "x",
                "subject": "s",
                "preheader": "p",
                "senderName": "n",
                "language": "en_US",
            },
        },
    }
)


@pytest.mark.parametrize(
    ("url", "tagged"),
    [
        ("https://shop.example/sale", f"https://shop.example/sale?{TAGGED}"),
        ("https://shop.example/?a=1&b=#top", f"https://shop.example/?a=1&b=&{TAGGED}#top"),
        (
            "https://shop.example/?utm_source=own",
            "https://shop.example/?utm_source=own&utm_medium=email&utm_campaign=Spring+%26+summer",
        ),
        ("https://[broken", "https://[broken"),
    ],
)
def test_a_link_gets_the_tags_that_it_does_not_have(url: str, tagged: str) -> None:
    assert with_tags(url, TAGS) == tagged


def test_a_link_that_would_become_too_long_stays_as_it_is() -> None:
    url = "https://shop.example/" + "a" * (MAX_URL - 30)
    assert with_tags(url, TAGS) == url


@given(st.text(max_size=40), st.dictionaries(st.sampled_from(["source", "medium"]), st.text(max_size=20)))
def test_tags_are_given_once_however_often_they_are_asked_for(path: str, tags: dict[str, str]) -> None:
    once = with_tags(f"https://shop.example/{path}", tags)
    assert with_tags(once, tags) == once


def test_every_link_of_a_message_carries_the_tags_of_its_block() -> None:
    message = RenderedMessage(
        "See https://shop.example/",
        "Look: https://shop.example/a.",
        MessageOptions(html='<a href="https://shop.example/a?x=1&amp;y=2">Look</a>'),
    )
    tags = UtmTags("j", "Welcome", {"b": {"source": "club", "medium": "", "campaign": "c"}})
    sent = tags.on_links(message, MAIL)
    own = "utm_source=club&utm_medium=email&utm_campaign=c"
    assert sent.subject == message.subject
    assert sent.body == f"Look: https://shop.example/a?{own}."
    assert sent.options.html == (
        '<a href="https://shop.example/a?x=1&amp;y=2&amp;' + own.replace("&", "&amp;") + '">Look</a>'
    )


def test_a_block_whose_tags_were_not_set_has_the_defaults() -> None:
    sent = UtmTags("j", "Welcome", {}).on_links(
        RenderedMessage("", "https://a.example", MessageOptions()), MAIL
    )
    assert sent.body == (
        "https://a.example?utm_source=omnisend&utm_medium=email&utm_campaign=automation%3A+Welcome+%28j%29"
    )
