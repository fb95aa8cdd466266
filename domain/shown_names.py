"""Names that people are shown, in Temporal or as whom a mail is from: one line, read in the order in which it is written."""

import re

# Control characters, breaks of lines and paragraphs, and what turns the direction of the text after it. The marks
# U+200E, U+200F and U+061C turn nothing but the signs beside them, and names in Hebrew and Arabic need them.
_MISLEADING = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def shown_name(name: str) -> str:
    """The name itself. Raises ValueError for one that could be shown as another, or as more than a name."""
    found = _MISLEADING.search(name)
    if found is not None:
        raise ValueError(
            f"contains U+{ord(found[0]):04X}; expected one line, without control characters or changes of direction"
        )
    return name
