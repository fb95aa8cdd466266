"""A contact, as Omnisend's clients write one."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from api.schemas.participant import MailAddress, Tag
from api.schemas.text import Label
from domain.instants import Instant
from domain.storable_text import storable

CountryCode = Annotated[str, StringConstraints(max_length=3), AfterValidator(storable)]
UpTo20 = Annotated[str, StringConstraints(max_length=20), AfterValidator(storable)]
UpTo50 = Annotated[str, StringConstraints(max_length=50), AfterValidator(storable)]
UpTo100 = Annotated[str, StringConstraints(max_length=100), AfterValidator(storable)]
UpTo500 = Annotated[str, StringConstraints(max_length=500), AfterValidator(storable)]
Birthdate = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class NeighbourShape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OptIn(NeighbourShape):
    """The contact said yes on this channel."""

    channel: Literal["email", "sms"]
    createdAt: Instant | None = None  # noqa: N815
    source: UpTo100 | None = None


class OptOut(OptIn):
    """The contact said no on this channel."""

    reason: UpTo100 | None = None


class Contact(NeighbourShape):
    """Whose event it is: known by `id` (ours, or the client's own), else by `email`, else by `phone`.

    What is said of them is written down; whoever is not known yet becomes a participant.
    """

    id: Label | None = None
    email: MailAddress | None = None
    phone: Annotated[str, StringConstraints(max_length=64), AfterValidator(storable)] | None = None
    firstName: UpTo50 | None = None  # noqa: N815
    lastName: UpTo50 | None = None  # noqa: N815
    gender: Literal["m", "f"] | None = None
    birthdate: Birthdate | None = None
    address: UpTo500 | None = None
    city: UpTo100 | None = None
    state: UpTo100 | None = None
    country: UpTo100 | None = None
    countryCode: CountryCode | None = None  # noqa: N815
    postalCode: UpTo20 | None = None  # noqa: N815
    tags: list[Tag] = Field(
        default=[], max_length=100, description="Added, in lower case, to those that they have"
    )
    customProperties: dict[str, Any] = {}  # noqa: N815
    optIns: list[OptIn] = Field(default=[], max_length=10)  # noqa: N815
    optOuts: list[OptOut] = Field(default=[], max_length=10)  # noqa: N815
