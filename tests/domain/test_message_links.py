"""Links in messages: signed, each for its purpose, and without anybody's data."""

from base64 import urlsafe_b64decode
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.message_links import InvalidLinkError, MessageLinks

URL, KEY, OLD_KEY = "https://carillon.example", "k" * 32, "o" * 32
LINKS = MessageLinks(URL, [KEY])
MESSAGE = UUID("0b6e1b0e-7f8e-4a7a-9b7e-3f1a2b3c4d5e")


def token_of(url: str) -> str:
    return url.rsplit("/", 1)[1].removesuffix(".gif")


@given(st.uuids())
def test_a_link_leads_to_its_message(message: UUID) -> None:
    assert LINKS.unsubscribed_message(token_of(LINKS.unsubscribe_url(message))) == message
    assert LINKS.opened_message(token_of(LINKS.open_url(message))) == message


@given(st.uuids(), st.text(max_size=200).filter(lambda text: text.isprintable()))
def test_a_click_leads_where_the_link_did(message: UUID, target: str) -> None:
    assert LINKS.clicked_link(token_of(LINKS.click_url(message, target))) == (message, target)


def test_links_are_short_stay_the_same_and_need_no_escaping() -> None:
    link = LINKS.unsubscribe_url(MESSAGE)
    assert link == MessageLinks(URL, [KEY]).unsubscribe_url(MESSAGE)
    assert len(token_of(link)) <= 40
    assert token_of(link).replace("-", "").replace("_", "").replace(".", "").isalnum()


def test_a_token_holds_the_messages_id_and_nothing_else() -> None:
    value, _ = token_of(LINKS.unsubscribe_url(MESSAGE)).split(".")
    assert urlsafe_b64decode(value + "==") == MESSAGE.bytes


def test_a_link_is_good_for_its_purpose_alone() -> None:
    unsubscribe, opened = token_of(LINKS.unsubscribe_url(MESSAGE)), token_of(LINKS.open_url(MESSAGE))
    click = token_of(LINKS.click_url(MESSAGE, ""))
    for token in (opened, click):
        with pytest.raises(InvalidLinkError):
            LINKS.unsubscribed_message(token)
    with pytest.raises(InvalidLinkError):
        LINKS.clicked_link(unsubscribe)


@given(st.data())
def test_a_changed_token_is_nobodys(data: st.DataObject) -> None:
    token = token_of(LINKS.click_url(MESSAGE, "https://shop.example/"))
    place = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from("Aa0-_.=é/%"))
    changed = token[:place] + sign + token[place + 1 :]
    if changed == token:
        return
    try:
        found = LINKS.clicked_link(changed)
    except InvalidLinkError:
        return
    # The last letter of base64 has bits that stand for nothing.
    assert found == (MESSAGE, "https://shop.example/")


@pytest.mark.parametrize("token", ["", ".", "a", "a.b", "é.é", "\ud800", "." * 5_000])
def test_what_is_no_token_is_nobodys(token: str) -> None:
    for read in (LINKS.unsubscribed_message, LINKS.opened_message, LINKS.clicked_link):
        with pytest.raises(InvalidLinkError):
            read(token)


def test_links_outlive_the_key_that_signed_them_while_it_is_still_named() -> None:
    old = token_of(MessageLinks(URL, [OLD_KEY]).unsubscribe_url(MESSAGE))
    both = MessageLinks(URL, [KEY, OLD_KEY])
    assert both.unsubscribed_message(old) == MESSAGE
    assert both.unsubscribe_url(MESSAGE) == LINKS.unsubscribe_url(MESSAGE)
    with pytest.raises(InvalidLinkError):
        LINKS.unsubscribed_message(old)


def test_another_installations_links_are_nobodys() -> None:
    foreign = token_of(MessageLinks(URL, ["x" * 32]).click_url(uuid4(), "https://evil.example/"))
    with pytest.raises(InvalidLinkError):
        LINKS.clicked_link(foreign)
