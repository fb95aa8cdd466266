from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.html_text import text_of_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello <b>Ana</b>,</p><p>good to have you.</p>", "Hello Ana,\n\ngood to have you."),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<ul><li>tea</li><li>cake</li></ul>", "* tea\n\n* cake"),
        (
            'See <a href="https://x.org/a?b=1&amp;c=2">the menu</a>.',
            "See the menu (https://x.org/a?b=1&c=2).",
        ),
        ('<a href="https://x.org">https://x.org</a>', "https://x.org"),
        ('<a href="https://x.org"><img src="b.png" alt="Book"></a>', "Book (https://x.org)"),
        ('<a href="https://x.org"></a>', "https://x.org"),
        ('<a href="#top">up</a>', "up"),
        ("<head><title>T</title><style>p{}</style></head><body>x<script>y</script></body>", "x"),
        ("a &lt; b &amp; c &euro;", "a < b & c €"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n\n3"),
        ("a\n   b\t c", "a b c"),
        ("<!-- hidden -->shown", "shown"),
        ("<!DOCTYPE html><?xml ?>shown", "shown"),
        ("I <3 you & <p title=it's>me</p>", "I <3 you &\n\nme"),
        (
            "<a href='https://x.org'>one <a href='https://y.org'>two</a>",
            "one (https://x.org)two (https://y.org)",
        ),
        ("<STYLE>a > b</STYLE>x<script>'<p>'", "x"),
        ("&#" + "9" * 5_000 + "; and &#8364;", "\ufffd and €"),
        ("", ""),
    ],
)
def test_the_text_is_what_a_reader_sees(html: str, text: str) -> None:
    assert text_of_html(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<a " * 40_000,
        "<a href=" * 20_000,
        "<a href='" * 20_000,
        "<a x=\"'" * 20_000,
        "<!--" * 40_000,
        "<!" * 60_000,
        "<?" * 60_000,
        "</" * 60_000,
        "<script>" * 20_000,
        "<style>" + "</s" * 40_000,
        "<" * 120_000,
        "<a " + "x " * 60_000 + ">",
        "<a " + " " * 120_000 + ">",
        "<a>x" * 30_000 + "</a>" * 30_000,
    ],
    ids=lambda html: html[:12],
)
def test_nothing_that_is_never_closed_takes_minutes(html: str) -> None:
    began = process_time()
    text_of_html(html)
    assert process_time() - began < 2


@given(st.one_of(st.text(max_size=80), st.text("<>/abp\"'=&;! -", max_size=80)))
def test_any_text_can_be_read_as_html(html: str) -> None:
    assert text_of_html(html) == text_of_html(html).strip()
