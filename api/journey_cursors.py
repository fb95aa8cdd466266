"""Cursors of lists of journeys. Each carries what was asked for: a list read on with other filters is another list."""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime

from api.errors import Fault, Refusal, invalid, invalid_fields
from domain.storable_text import is_storable
from store.journey_pages import JourneyPlace

Asked = Mapping[str, str]


def cursor_of(place: JourneyPlace | None, asked: Asked) -> str | None:
    """`asked`: the filters and the order of the list, by the names of their parameters."""
    if place is None:
        return None
    carried = {"at": place.at.isoformat(), "id": place.id, "asked": dict(asked)}
    text = json.dumps(carried, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(name: str, cursor: str, asked: Asked) -> tuple[JourneyPlace, Asked]:
    """The place to go on from, and what was asked for there, which need not be repeated. `name`: `after` or `before`.

    Raises a Refusal for a cursor that is none, and where something else is asked for by now.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        carried = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place = JourneyPlace(
            datetime.fromisoformat(carried["at"]), str(carried["id"]), backwards=name == "before"
        )
        before = {str(key): str(value) for key, value in carried["asked"].items()}
    except (ValueError, binascii.Error, RecursionError, KeyError, TypeError, AttributeError):
        raise not_of_this_list(name) from None
    if place.at.tzinfo is None or not is_storable(place.id):
        raise not_of_this_list(name)
    changed = [key for key, value in asked.items() if before.get(key) != value]
    if changed:
        raise _changed(changed, before)
    return place, before


def not_of_this_list(name: str) -> Refusal:
    return invalid(name, "not a cursor of this list", "a cursor from this list")


def _changed(names: list[str], before: Asked) -> Refusal:
    return invalid_fields(
        [
            Fault(
                field=name, reason="changed since the cursor was given", expected=before.get(name, "nothing")
            )
            for name in names
        ]
    )
