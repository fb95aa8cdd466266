"""When birthdays set a journey going."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from domain.participant_state.attribute_date import NotADateError, anniversary, read_date
from domain.participant_state.schedule_config import AttributeDateConfig, Feb29, wall_time
from domain.schedules import DstPolicy, ScheduleError, instant_of, validate_timezone

# Of a participant's attributes: the first one that is there.
BIRTHDATE_ATTRIBUTES = ("birthdate", "birthday")
TIME_OF_DAY = "09:00"
FEB_29 = Feb29.FEB_28
_CONFIG = AttributeDateConfig(attribute=BIRTHDATE_ATTRIBUTES[0], time_of_day=TIME_OF_DAY, feb_29=FEB_29)
# Zones differ by up to 26 hours, and a 29 February is kept a day early.
_MARGIN = timedelta(days=2)


def birthday_instant(
    birthdate: object, zone: ZoneInfo, shift: timedelta, after: datetime, until: datetime
) -> tuple[int, datetime] | None:
    """The year of the birthday whose shifted instant lies in (`after`, `until`], and that instant.

    The instant is TIME_OF_DAY of the day in `zone`, and from there `shift` hours of 60 minutes. A 29 February is
    kept on the 28th in years without one; where clocks leap over the time, it is the first instant after the gap.
    None also for a value that is no date.
    """
    try:
        base = read_date(birthdate, _CONFIG, zone)
    except NotADateError:
        return None
    first, last = after - shift - _MARGIN, until - shift + _MARGIN
    for year in range(max(first.year, base.year or first.year), last.year + 1):
        day = anniversary(base, year, FEB_29)
        at = instant_of(datetime.combine(day, wall_time(TIME_OF_DAY)), zone, DstPolicy())
        if at is not None and after < at + shift <= until:
            return year, at + shift
    return None


def days_to_look_at(shift: timedelta, after: datetime, until: datetime) -> list[str]:
    """As MM-DD, the birthdays that can have an instant in (`after`, `until`]; and others."""
    first = (after - shift - _MARGIN).astimezone(UTC).date()
    last = (until - shift + _MARGIN).astimezone(UTC).date()
    count = min((last - first).days, 366) + 1
    days = {_written(first + timedelta(days=number)) for number in range(count)}
    return sorted(days | {"02-29"} if "02-28" in days else days)


def zone_of(participant_zone: str | None, program_zone: str) -> ZoneInfo:
    """The participant's own zone, or the program's where they have none that is known."""
    if participant_zone is not None:
        try:
            return validate_timezone(participant_zone)
        except ScheduleError:
            pass
    return validate_timezone(program_zone)


def _written(day: date) -> str:
    return f"{day:%m-%d}"
