"""Instants, lengths of time and ids that are written in a condition."""

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_LENGTH = re.compile(r"(-?)((?:[0-9]+(?:\.[0-9]+)?(?:h|ms|us|ns|m|s))+)")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|us|ns|m|s)")
_MICROSECONDS = {
    "h": Fraction(3_600_000_000),
    "m": Fraction(60_000_000),
    "s": Fraction(1_000_000),
    "ms": Fraction(1_000),
    "us": Fraction(1),
    "ns": Fraction(1, 1_000),
}
MAX_MICROSECONDS = 292 * 365 * 86_400 * 1_000_000


def is_uuid(value: object) -> bool:
    """Whether it is a text in the one form that ids are read in."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def instant(text: str) -> datetime | None:
    """None for what only the engine may judge."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def microseconds(text: str) -> int | None:
    """Of a duration; None for what is finer, longer or in a form that only the engine may judge."""
    matched = _LENGTH.fullmatch(text)
    if matched is None:
        return None
    total = sum(
        (Fraction(number) * _MICROSECONDS[unit] for number, unit in _PART.findall(matched[2])), Fraction(0)
    )
    if total.denominator != 1 or total > MAX_MICROSECONDS:
        return None
    return -int(total) if matched[1] else int(total)


def shifted(moment: datetime, by: int) -> datetime | None:
    """`moment` plus microseconds; None when there is no such time."""
    try:
        return moment + timedelta(microseconds=by)
    except OverflowError:
        return None
