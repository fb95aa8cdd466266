"""Links in plain text, made to lead elsewhere."""

import re
from collections.abc import Callable

_URL = re.compile(r"https?://[^\s<>\"'\[\]{}]+", re.IGNORECASE)
# Signs that end a sentence and not an address.
_AFTER = ".,;:!?)"


def rewrite_text_links(text: str, rewrite: Callable[[str], str]) -> str:
    """The text with each http and https address as `rewrite` answers for it."""

    def rewritten(found: re.Match[str]) -> str:
        url = found[0].rstrip(_AFTER)
        return rewrite(url) + found[0][len(url) :]

    return _URL.sub(rewritten, text)
