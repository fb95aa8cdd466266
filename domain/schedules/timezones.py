"""IANA time zones, by name, from the pinned ``tzdata`` package."""

from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from domain.schedules.errors import ScheduleError

FIELD = "timezone"
_PLACEHOLDERS = frozenset({"Factory", "localtime"})


def validate_timezone(name: str) -> ZoneInfo:
    """The zone called ``name``, exactly as IANA spells it (links such as ``US/Eastern`` included).

    Raises ScheduleError(field="timezone") for any other text: paths, the empty string, ``localtime``,
    abbreviations and wrong case.
    """
    if name not in timezone_names():
        raise ScheduleError(FIELD, f"{_shown(name)} is not an IANA time zone name", _suggestion(name))
    return _load(name)


@lru_cache(maxsize=1)
def timezone_names() -> frozenset[str]:
    """Every accepted zone name."""
    listing = files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return frozenset(listing.split()) - _PLACEHOLDERS


@lru_cache(maxsize=1024)
def _load(name: str) -> ZoneInfo:
    # ZoneInfo(name) prefers the machine's own zone files, which differ between workers: an expansion
    # replayed elsewhere would then give other instants.
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as compiled:
        return ZoneInfo.from_file(compiled, key=name)


def _shown(name: str) -> str:
    return repr(name) if len(name) <= 64 else f"{name[:64]!r}..."


def _suggestion(name: str) -> str:
    folded = {known.casefold(): known for known in sorted(timezone_names())}
    wanted = name[:64].strip().replace(" ", "_").casefold()
    close = get_close_matches(wanted, folded, n=1, cutoff=0.75)
    return f"a name such as '{folded[close[0]] if close else 'Europe/Berlin'}'"
