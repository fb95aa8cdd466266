"""Links in plain text lead elsewhere, and nothing else changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.text_links import rewrite_text_links


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("See https://a.example/b.", "See <https://a.example/b>."),
        ("HTTP://A.example/?q=1&r=2, or not", "<HTTP://A.example/?q=1&r=2>, or not"),
        ("(https://a/) https://b/!", "(<https://a/>) <https://b/>!"),
        ("https://a/\nhttps://a/", "<https://a/>\n<https://a/>"),
        ("[[unsubscribe_link]] ftp://a/ www.a.example", "[[unsubscribe_link]] ftp://a/ www.a.example"),
    ],
)
def test_addresses_are_rewritten_without_the_signs_that_end_a_sentence(text: str, rewritten: str) -> None:
    assert rewrite_text_links(text, lambda url: f"<{url}>") == rewritten


@given(st.text(max_size=300))
def test_an_address_that_leads_where_it_led_changes_nothing(text: str) -> None:
    assert rewrite_text_links(text, lambda url: url) == text
