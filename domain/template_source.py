"""What a template's source may look like: the lexer's patterns take minutes on some texts of a few kilobytes."""

import re

from liquid.exceptions import LiquidSyntaxError
from liquid.token import TOKEN_EOF, Token

MAX_BLANKS = 250
MAX_PARENTHESES = 16

_OPENING = re.compile(r"\{\{|\{%")
_CLOSING = {"{{": "}}", "{%": "%}"}
_VERBATIM = re.compile(r"\{%-?\s*(raw|doc)\s*-?%\}")
_ENDS = {name: re.compile(rf"\{{%-?\s*end{name}\s*-?%\}}") for name in ("raw", "doc")}
_BLANKS = re.compile(rf"\s{{{MAX_BLANKS + 1}}}")
_PARENTHESES = re.compile(rf"(?:\(\s*){{{MAX_PARENTHESES + 1}}}")


def check_source(source: str) -> None:
    """In time that grows with the source alone. Raises LiquidSyntaxError."""
    opening = _OPENING.search(source)
    while opening is not None:
        verbatim = _VERBATIM.match(source, opening.start())
        end = _end_of_verbatim(source, verbatim) if verbatim else _end_of_markup(source, opening)
        opening = _OPENING.search(source, end)


def _end_of_verbatim(source: str, opening: re.Match[str]) -> int:
    ending = _ENDS[opening[1]].search(source, opening.end())
    if ending is None:
        raise _refusal(f"{opening[1]} tag was never closed", source, opening.start())
    return ending.end()


def _end_of_markup(source: str, opening: re.Match[str]) -> int:
    closing = _CLOSING[opening[0]]
    end = source.find(closing, opening.end())
    if end < 0:
        raise _refusal(f"expected '{closing}', found end of file", source, opening.start())
    if _BLANKS.search(source, opening.end(), end):
        raise _refusal(f"more than {MAX_BLANKS} blanks in a row", source, opening.start())
    if _PARENTHESES.search(source, opening.end(), end):
        raise _refusal(f"more than {MAX_PARENTHESES} parentheses in a row", source, opening.start())
    return end + len(closing)


def _refusal(reason: str, source: str, at: int) -> LiquidSyntaxError:
    return LiquidSyntaxError(reason, token=Token(TOKEN_EOF, "", start_index=at, source=source))
