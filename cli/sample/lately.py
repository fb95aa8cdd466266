"""What the sample people did and planned just before and after an instant: always the same, counted from it."""

import csv
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from cli.sample.generate import ROWS

# Away from whole days, so that nothing depends on how long it takes to be sent.
_YESTERDAY = timedelta(hours=30)
_EVERY_VISITOR, _EVERY_GUEST = 40, 60
_SOONEST_HOURS, _HOURS = 3, 44
_DAY_BEGINS_ANEW = range(22, 27)


def visits_lately(now: datetime, rows: int = ROWS) -> list[dict[str, Any]]:
    """Events: every 40th person ordered something the day before."""
    return [
        {
            "external_id": f"P{number:06d}",
            "event_timestamp": (now - _YESTERDAY).isoformat(),
            "event_data": {"type": "order", "amount": f"{number % 90 + 10}.50"},
        }
        for number in range(1, rows + 1, _EVERY_VISITOR)
    ]


def reservations(now: datetime, rows: int = ROWS) -> str:
    """A file of participants: every 60th person is expected, some within a day and some later."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("external_id", "attributes.reservation_at"))
    for number in range(1, rows + 1, _EVERY_GUEST):
        hours = _SOONEST_HOURS + number % _HOURS
        if hours not in _DAY_BEGINS_ANEW:
            writer.writerow((f"P{number:06d}", (now + timedelta(hours=hours)).isoformat()))
    return text.getvalue()
