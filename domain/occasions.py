"""What a message is sent once for: the value that one of a person's attributes has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.canonical_json import fingerprint
from domain.send_policy import Hours
from domain.storable_text import storable

AttributeName = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(storable)]


class OncePer(BaseModel):
    """One message for each value of `attribute`; with `hours` one in any so many of them, such as for an anniversary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attribute: AttributeName
    hours: Annotated[Hours | None, Field(exclude_if=lambda hours: hours is None)] = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """`key`: a fingerprint of the attribute and its value. `hours`: for how long it is the same; None: for good."""

    key: str
    hours: int | None = None


def occasion_of(attributes: Mapping[str, Any], once_per: OncePer | None) -> Occasion | None:
    """None where there is no value to tell one occasion by.

    An instant is the same in whatever zone and form it is written, to the second; without a zone it is one of UTC.
    """
    if once_per is None or (value := attributes.get(once_per.attribute)) is None:
        return None
    return Occasion(fingerprint([once_per.attribute, _plain(value)]), once_per.hours)


def _plain(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        read = datetime.fromisoformat(value)
        at = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return value
    return at.replace(microsecond=0).isoformat()
