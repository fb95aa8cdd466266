"""The two names of a segment: its id, a UUID, and the 24 hexadecimal digits that Omnisend's clients know it by.

A segment's id ends in zeros, so that the digits tell the id.
"""

import re
from uuid import UUID

_DIGITS = 24
_END = "0" * 8
_HEX_ID = re.compile(r"[0-9a-f]{24}")


def segment_id_of(random: UUID) -> UUID:
    """The id of a new segment."""
    return UUID(random.hex[:_DIGITS] + _END)


def hex_id(segment_id: UUID) -> str:
    return segment_id.hex[:_DIGITS]


def id_of_hex(text: str) -> UUID | None:
    """None for what are not 24 hexadecimal digits, in small letters."""
    return UUID(text + _END) if _HEX_ID.fullmatch(text) else None


def id_named(name: str) -> UUID | None:
    """Of a segment, by whichever of its names, a UUID in whatever way it is written; None for any other text."""
    try:
        return id_of_hex(name) or UUID(name)
    except ValueError:
        return None


def id_text(name: str) -> str:
    """A segment as conditions know it, by whichever of its names; any other text as it is."""
    segment_id = id_named(name)
    return name if segment_id is None else str(segment_id)


def hex_text(name: str) -> str:
    """A segment as events name it, by whichever of its names; any other text as it is."""
    segment_id = id_named(name)
    return name if segment_id is None or not segment_id.hex.endswith(_END) else hex_id(segment_id)
