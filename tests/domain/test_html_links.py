"""Links in HTML lead elsewhere, and nothing else changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.html_links import add_at_end, pixel, rewrite_links


def there(url: str) -> str:
    return f"https://c.example/?to={url}"


@pytest.mark.parametrize(
    ("html", "rewritten"),
    [
        ('<a href="https://a.example/">x</a>', '<a href="https://c.example/?to=https://a.example/">x</a>'),
        ("<A HREF='http://a.example'>", '<A HREF="https://c.example/?to=http://a.example">'),
        ("<a href=https://a.example/>", '<a href="https://c.example/?to=https://a.example/">'),
        (
            '<a class="b" href = "https://a.example/?x=1&amp;y=2">',
            '<a class="b" href = "https://c.example/?to=https://a.example/?x=1&amp;y=2">',
        ),
        ('<area href="https://a/">', '<area href="https://c.example/?to=https://a/">'),
        ('<a title="a > b" href="https://a/">', '<a title="a > b" href="https://c.example/?to=https://a/">'),
        (
            '<!--[if mso]><a href="https://a/">-->',
            '<!--[if mso]><a href="https://c.example/?to=https://a/">-->',
        ),
    ],
)
def test_links_are_rewritten_however_they_are_written(html: str, rewritten: str) -> None:
    assert rewrite_links(html, there) == rewritten


@pytest.mark.parametrize(
    "html",
    [
        '<a href="mailto:noor@example.com">',
        '<a href="tel:+34612345678">',
        '<a href="#top">',
        '<a href="">',
        "<a>",
        '<a name="https://a/">',
        '<a data-href="https://a/">',
        '<a href="https://a/" data-untracked>',
        '<img src="https://a/b.png"><link href="https://a/s.css"><abbr href="https://a/">',
        "https://a.example/ in the text",
        '<a href="https://a/"',
        "",
    ],
)
def test_what_is_no_link_to_a_page_is_left_alone(html: str) -> None:
    assert rewrite_links(html, there) == html


def test_a_reference_to_no_character_is_no_end_of_the_mail() -> None:
    html = f'<a href="https://a/&#{"9" * 5_000};">'
    assert rewrite_links(html, there) == '<a href="https://c.example/?to=https://a/\ufffd">'


@given(st.text(max_size=300))
def test_text_without_links_stays_as_it_is(text: str) -> None:
    html = text.replace("<", "")
    assert rewrite_links(html, there) == html


def test_hostile_html_takes_no_time() -> None:
    # A pattern that looked at each place from the beginning would take hours.
    for piece in ("<a ", '<a "', "<a '", "<a href=", "<a \"'", "<a <a href='"):
        html = piece * (262_144 // len(piece))
        assert rewrite_links(html, lambda url: url) == html


def test_the_pixel_is_within_the_body() -> None:
    image = pixel("https://c.example/o/t.gif?a&b")
    assert 'src="https://c.example/o/t.gif?a&amp;b"' in image
    assert add_at_end("<html><body>Hi</body></html>", image) == f"<html><body>Hi{image}</body></html>"
    assert add_at_end("<p>Hi", image) == f"<p>Hi{image}"
