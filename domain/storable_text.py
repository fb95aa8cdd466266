"""Text that PostgreSQL can hold: it keeps neither NUL nor half of a surrogate pair."""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    return _UNSTORABLE.search(text) is None


def storable(text: str) -> str:
    """The text itself. Raises ValueError when the database could not hold it."""
    if not is_storable(text):
        raise ValueError("contains a NUL character or an unpaired surrogate")
    return text
