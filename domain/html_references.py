"""Characters that HTML writes as references, such as `&amp;` and `&#8364;`."""

import re
from html import unescape

# No number of so many digits is a character, and the library does not read one of more than 4,300.
_ENDLESS = re.compile(r"&#[0-9]{1000,};?")
_REPLACEMENT = "\ufffd"


def without_references(text: str) -> str:
    """The text with each reference as its character. Never raises."""
    return unescape(_ENDLESS.sub(_REPLACEMENT, text))
