"""The plain text of a mail that has HTML only: what a reader would see, links with their addresses."""

import re

from domain.html_tokens import End, Start, Token, html_tokens

_UNSEEN = frozenset({"head", "style", "script", "title", "template"})
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "li",
        "main",
        "nav",
        "ol",
        "section",
        "table",
        "tr",
        "ul",
    ]
)
_SPACED = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "hr", "p", "pre"})
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BLANK_LINES = re.compile(r"\n{3,}")


class _Reader:
    def __init__(self) -> None:
        self._written: list[str] = []
        self._unseen = 0
        # Where the link that is open leads, and where its text begins. There are none within links.
        self._link: tuple[str, int] | None = None

    def read(self, token: Token) -> None:
        if isinstance(token, Start):
            self._start(token)
        elif isinstance(token, End):
            self._end(token.name)
        elif not self._unseen:
            self._written.append(_SPACES.sub(" ", token))

    def _start(self, tag: Start) -> None:
        if tag.name in _UNSEEN:
            self._unseen += not tag.closed
        elif tag.name == "br":
            self._written.append("\n")
        elif tag.name in _BLOCKS or tag.name in _SPACED:
            self._break(tag.name)
            if tag.name == "li":
                self._written.append("* ")
        elif tag.name in ("td", "th"):
            self._written.append(" ")
        elif tag.name == "img" and tag.attributes.get("alt"):
            self.read(tag.attributes["alt"])
        elif tag.name == "a":
            self._end_link()
            self._link = tag.attributes.get("href", ""), len(self._written)

    def _end(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BLOCKS or tag in _SPACED:
            self._break(tag)
        elif tag == "a":
            self._end_link()

    def _end_link(self) -> None:
        if self._link is None:
            return
        href, start = self._link
        self._link = None
        shown = "".join(self._written[start:]).strip()
        if href.startswith(("http://", "https://")) and href != shown:
            self._written.append(f" ({href})" if shown else href)

    def _break(self, tag: str) -> None:
        self._written.append("\n\n" if tag in _SPACED else "\n")

    def text(self) -> str:
        lines = (_SPACES.sub(" ", line).strip() for line in "".join(self._written).split("\n"))
        return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def text_of_html(html: str) -> str:
    """Paragraphs keep a blank line between them, list items a star; styles, scripts and comments are left out."""
    reader = _Reader()
    for token in html_tokens(html):
        reader.read(token)
    return reader.text()
