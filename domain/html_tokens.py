"""HTML as tags and texts, in time that grows with its length alone, whatever is never closed in it.

The standard library's parser tries each tag that is not closed up to the end, and takes minutes for some mails.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from domain.html_references import without_references

_NAME = r"<(?P<slash>/?)(?P<name>[A-Za-z][^\s/<>\"']*+)"
# No `<` outside of quotes, so that a tag that is never closed is given up at the next one.
_TAG = re.compile(_NAME + r"(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)>")
_TAG_OF_ODD_QUOTES = re.compile(_NAME + r"(?P<rest>[^<>]*+)>")
_ATTRIBUTE = re.compile(
    r"(?P<name>[^\s\"'/=>]++)(?:\s*+=\s*+(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s\"'>]++)))?"
)
# What is in them is no HTML.
_ENDS = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}


@dataclass(frozen=True, slots=True)
class Start:
    """`closed`: of a tag such as `<br/>`. Names are in lower case."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False


@dataclass(frozen=True, slots=True)
class End:
    name: str


Token = Start | End | str


def html_tokens(html: str) -> Iterator[Token]:
    """Tags, and between them texts without references. Comments and declarations are left out."""
    at = 0
    while at < len(html):
        opening = html.find("<", at)
        if opening != at:
            text = html[at:] if opening < 0 else html[at:opening]
            yield without_references(text)
            at += len(text)
            continue
        tag = _TAG.match(html, at) or _TAG_OF_ODD_QUOTES.match(html, at)
        if tag is None:
            unseen = _end_of_comment(html, at)
            if unseen is None:
                yield "<"
            at = unseen or at + 1
            continue
        token = _token_of(tag)
        yield token
        at = tag.end()
        if isinstance(token, Start) and not token.closed and token.name in _ENDS:
            end = _ENDS[token.name].search(html, at)
            at = len(html) if end is None else end.start()


def _end_of_comment(html: str, at: int) -> int | None:
    """Where what begins here ends, a comment or a declaration; None when it is neither."""
    if html.startswith("<!--", at):
        end = html.find("-->", at + 2)
        return len(html) if end < 0 else end + 3
    if html.startswith(("<!", "<?", "</"), at):
        end = html.find(">", at)
        return len(html) if end < 0 else end + 1
    return None


def _token_of(tag: re.Match[str]) -> Start | End:
    name = tag["name"].lower()
    if tag["slash"]:
        return End(name)
    found = _ATTRIBUTE.finditer(tag["rest"])
    attributes = {
        each["name"].lower(): without_references(each["double"] or each["single"] or each["bare"] or "")
        for each in found
    }
    return Start(name, attributes, tag["rest"].endswith("/"))
