"""The events that tell of a participant's change: which fields changed, and never what they hold."""

from collections.abc import Iterator, Mapping
from typing import Any

from domain.canonical_json import canonical_json

PARTICIPANT_CREATED = "participant.created"
PARTICIPANT_UPDATED = "participant.updated"
PLAIN_FIELDS = (
    "email",
    "phone",
    "first_name",
    "last_name",
    "display_name",
    "locale",
    "timezone",
    "status",
    "tags",
    "consent",
)
DOCUMENTS = ("attributes", "counters", "tiers")
MOST_KEYS = 100
LONGEST_KEY = 255

_NEW: dict[str, Any] = {"status": "ACTIVE", "tags": [], "consent": {}}

Row = Mapping[str, Any]


def participant_event_data(before: Row | None, after: Row, source: str) -> dict[str, Any] | None:
    """`{type, changed, source}` for a participant's columns, `before` None when it is new; None if nothing changed.

    `changed`: names of fields; of attributes, counters and tiers the dotted names, such as `counters.orders`, or
    the document's own name when more than MOST_KEYS keys changed in it or one of them is longer than LONGEST_KEY.
    """
    changed = sorted(_changed(before or _NEW, after))
    if before is not None and not changed:
        return None
    type_ = PARTICIPANT_CREATED if before is None else PARTICIPANT_UPDATED
    return {"type": type_, "changed": changed, "source": source}


def _changed(before: Row, after: Row) -> Iterator[str]:
    for name in PLAIN_FIELDS:
        if before.get(name) != after[name]:
            yield name
    for name in DOCUMENTS:
        yield from _changed_keys(name, before.get(name, {}), after[name])


def _changed_keys(name: str, before: Row, after: Row) -> Iterator[str]:
    keys = [key for key in before.keys() | after.keys() if _differs(key, before, after)]
    if len(keys) > MOST_KEYS or any(len(key) > LONGEST_KEY for key in keys):
        yield name
        return
    for key in keys:
        yield f"{name}.{key}"


def _differs(key: str, before: Row, after: Row) -> bool:
    if key not in before or key not in after:
        return True
    # Python takes true for 1.
    return canonical_json(before[key]) != canonical_json(after[key])
