"""The plain text of a mail that has HTML only: what a reader would see, links with their addresses."""

import re
from html.parser import HTMLParser

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


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._written: list[str] = []
        self._unseen = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag == "br":
            self._written.append("\n")
        elif tag in _BLOCKS or tag in _SPACED:
            self._break(tag)
            if tag == "li":
                self._written.append("* ")
        elif tag in ("td", "th"):
            self._written.append(" ")
        elif tag == "img" and given.get("alt"):
            self.handle_data(given["alt"])
        elif tag == "a":
            self._links.append((given.get("href", ""), len(self._written)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNSEEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _BLOCKS or tag in _SPACED:
            self._break(tag)
        elif tag == "a" and self._links:
            href, start = self._links.pop()
            shown = "".join(self._written[start:]).strip()
            if href.startswith(("http://", "https://")) and href != shown:
                self._written.append(f" ({href})" if shown else href)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._written.append(_SPACES.sub(" ", data))

    def _break(self, tag: str) -> None:
        self._written.append("\n\n" if tag in _SPACED else "\n")

    def text(self) -> str:
        self.close()
        lines = (_SPACES.sub(" ", line).strip() for line in "".join(self._written).split("\n"))
        return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def text_of_html(html: str) -> str:
    """Paragraphs keep a blank line between them, list items a star; styles, scripts and comments are left out."""
    reader = _Reader()
    reader.feed(html)
    return reader.text()
