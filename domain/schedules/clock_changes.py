"""Where an automation's wall clock jumps, and a schedule on the server cannot be relied on."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

REACH = timedelta(hours=26)


def near_clock_change(instant: datetime, zone: ZoneInfo) -> bool:
    """True when the zone's offset changes within about a day of `instant`.

    Around a change Temporal's calendars skip gaps, know one side of an overlap, and east of Greenwich
    mistake which; a day is the reach of a wall-clock date on either side.
    """
    before, after = ((instant + delta).astimezone(zone).utcoffset() for delta in (-REACH, REACH))
    return before != after
