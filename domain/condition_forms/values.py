"""The values that fields are compared with."""

import re
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from domain.condition_forms.errors import ConditionFormError, Place
from domain.condition_forms.limits import MAX_LISTED_VALUES, MAX_TEXT_CHARACTERS
from domain.json_limits import MAX_INT64, MIN_INT64
from domain.storable_text import storable


def _fraction(value: object) -> object:
    if isinstance(value, int):
        raise ValueError("is a whole number that does not fit in 64 bits")
    return value


def _scalar_kind(value: object) -> str:
    """The one kind that a value is refused as, so that it is not told of every other one."""
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, int | float) else "text"


def _shape(value: object) -> str:
    return "list" if isinstance(value, list | tuple) else "scalar"


Name = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS), AfterValidator(storable)]
_Truth = Annotated[bool, Field(strict=True)]
_Number = (
    Annotated[int, Field(strict=True, ge=MIN_INT64, le=MAX_INT64)]
    | Annotated[float, Field(strict=True, allow_inf_nan=False), BeforeValidator(_fraction)]
)
_Text = Annotated[str, Field(strict=True, max_length=MAX_TEXT_CHARACTERS), AfterValidator(storable)]
Scalar = Annotated[
    Annotated[_Truth, Tag("truth")] | Annotated[_Number, Tag("number")] | Annotated[_Text, Tag("text")],
    Discriminator(_scalar_kind),
]
Value = Annotated[
    Annotated[Scalar, Tag("scalar")]
    | Annotated[tuple[Scalar, ...], Field(min_length=1, max_length=MAX_LISTED_VALUES), Tag("list")],
    Discriminator(_shape),
]

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def no_value(value: Value | None, place: Place) -> None:
    if value is not None:
        raise ConditionFormError(place, "a value is given", "no value, which this operator does not take")


def scalar(value: Value | None, place: Place) -> Scalar:
    value = _given(value, place, "a text, a number, true or false")
    if isinstance(value, tuple):
        raise ConditionFormError(place, "a list", "a text, a number, true or false")
    return value


def scalars(value: Value | None, place: Place) -> tuple[Scalar, ...]:
    value = _given(value, place, "a list of values")
    if not isinstance(value, tuple):
        raise ConditionFormError(place, "not a list", "a list of values")
    return value


def text(value: Value | None, place: Place) -> str:
    value = _given(value, place, "a text")
    if not isinstance(value, str):
        raise ConditionFormError(place, "not a text", "a text")
    return value


def filled_text(value: Value | None, place: Place) -> str:
    value = text(value, place)
    if not value:
        raise ConditionFormError(place, "an empty text", "a text of at least one character")
    return value


def texts(value: Value | None, place: Place) -> tuple[str, ...]:
    return tuple(text(item, place.of(index)) for index, item in enumerate(scalars(value, place)))


def truth(value: Value | None, place: Place) -> bool:
    value = _given(value, place, "true or false")
    if not isinstance(value, bool):
        raise ConditionFormError(place, "not true or false", "true or false")
    return value


def number(value: Value | None, place: Place) -> int | float:
    value = _given(value, place, "a number")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConditionFormError(place, "not a number", "a number")
    return value


def instant(value: Value | None, place: Place) -> datetime:
    """The time in UTC that an RFC 3339 text with an offset names."""
    written = _given(value, place, "a time")
    expected = "a time such as 2026-12-01T09:00:00Z"
    if not isinstance(written, str) or not _RFC_3339.fullmatch(written):
        raise ConditionFormError(place, "not a time with an offset", expected)
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ConditionFormError(place, "no such time", expected) from None


def day(value: Value | None, place: Place) -> date:
    written = _given(value, place, "a date")
    expected = "a date such as 2025-03-15"
    if not isinstance(written, str) or not _DATE.fullmatch(written):
        raise ConditionFormError(place, "not a date", expected)
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ConditionFormError(place, "no such date", expected) from None


def _given(value: Value | None, place: Place, expected: str) -> Value:
    if value is None:
        raise ConditionFormError(place, "required", expected)
    return value
