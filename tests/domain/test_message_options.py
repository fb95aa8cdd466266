from typing import Any

import pytest
from pydantic import ValidationError

from domain.message_options import NO_OPTIONS, MessageOptions

FULL = MessageOptions(
    html="<p>Hello</p>",
    headers={"X-Campaign": "spring"},
    unsubscribe_url="https://carillon.example/u/abc",
    title="Hello",
    click_url="https://shop.example/",
    media=("https://shop.example/cup.png",),
    content_sid="HX0123456789abcdef",
    content_variables={"1": "Ana"},
    data={"order": "7"},
)


@pytest.mark.parametrize("options", [NO_OPTIONS, MessageOptions(title="Hello"), FULL])
def test_options_are_read_as_they_were_stored(options: MessageOptions) -> None:
    assert MessageOptions.read(options.stored()) == options


def test_no_options_take_no_room() -> None:
    assert NO_OPTIONS.stored() is None


def test_what_a_later_release_added_is_left_out() -> None:
    assert MessageOptions.read({"title": "Hello", "sound": "bell"}) == MessageOptions(title="Hello")


@pytest.mark.parametrize(
    "given",
    [
        {"headers": {"Bcc": "eve@example.org"}},
        {"headers": {"List-Unsubscribe": "<https://example.org>"}},
        {"headers": {"X-Campaign": "spring\r\nBcc: eve@example.org"}},
        {"headers": {"X Campaign": "spring"}},
        {"unsubscribe_url": "javascript:alert(1)"},
        {"unsubscribe_url": "https://carillon.example/u>\r\nBcc: eve@example.org"},
        {"unsubscribe_url": "https://carillon.example/" + "a" * 900},
        {"click_url": "https://carillon.example/" + "a" * 2_048},
        {"click_url": "javascript:alert(1)"},
        {"media": ["file:///etc/passwd"]},
        {"content_sid": "../Accounts"},
        {"sound": "bell"},
    ],
)
def test_what_could_be_misread_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MessageOptions(**given)
