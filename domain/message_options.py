"""What a message carries besides its subject and body. A channel uses what it knows, and leaves the rest."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.storable_text import storable

# Those that a mail has of its own; a message may add others, such as `X-Campaign`.
RESERVED_HEADERS = frozenset(
    {"from", "to", "cc", "bcc", "sender", "subject", "date", "message-id", "mime-version", "return-path"}
)
RESERVED_PREFIXES = ("content-", "list-unsubscribe", "x-carillon-", "dkim-")
# One line of a mail holds 998 bytes, its name included.
MAX_URL = 900
LONGEST_LINK = 2_048
A_URL = "an http or https URL, in ASCII"


def is_url(value: str) -> bool:
    """An http or https URL, in ASCII."""
    return value.startswith(("https://", "http://")) and all(33 <= ord(sign) <= 126 for sign in value)


def _checked_url(value: str) -> str:
    if not is_url(value):
        raise ValueError(f"expected {A_URL}")
    return value


def _are_headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name.lower() in RESERVED_HEADERS or name.lower().startswith(RESERVED_PREFIXES):
            raise ValueError(f"the header {name} is not for a message to set")
        if not value.isprintable():
            raise ValueError(f"the header {name} is not one line of text")
    return headers


Url = Annotated[str, Field(max_length=MAX_URL), AfterValidator(_checked_url)]
Link = Annotated[str, Field(max_length=LONGEST_LINK), AfterValidator(_checked_url)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,75}$")]
ShortText = Annotated[str, Field(max_length=1_000), AfterValidator(storable)]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(storable)]

CallHeaderName = Annotated[str, Field(max_length=256, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]
CallHeaderValue = Annotated[str, Field(max_length=10_000, pattern=r"^[\x20-\x7e]*$")]


class MessageOptions(BaseModel):
    """`html`, `headers`, `unsubscribe_url`, `sender_name`, `sender_email`: of a mail. `title`, `click_url`, `data`: of a
    push message.

    `media`: URLs of what an SMS or WhatsApp message shows; the first one is the picture of a push message.
    `shorten_links`: those of a text message lead through short ones, so that it is known who follows them.
    `track_opens`, `track_clicks`: whether it is followed who opens a mail and its links; None leaves it to the program.
    `content_sid` names an approved WhatsApp template, and `content_variables` fill its places.
    `call_headers` makes a message of the channel webhook a plain POST of its body to its recipient, a URL, with them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    html: Annotated[str, Field(max_length=262_144), AfterValidator(storable)] | None = None
    headers: Annotated[dict[HeaderName, ShortText], Field(max_length=20), AfterValidator(_are_headers)] = {}
    unsubscribe_url: Url | None = None
    sender_name: ShortText | None = None
    sender_email: ShortText | None = None
    shorten_links: bool = False
    track_opens: bool | None = None
    track_clicks: bool | None = None
    title: ShortText | None = None
    click_url: Link | None = None
    media: Annotated[tuple[Link, ...], Field(max_length=10)] = ()
    content_sid: Annotated[str, Field(pattern=r"^H[A-Za-z0-9]{1,63}$")] | None = None
    content_variables: Annotated[dict[Name, ShortText], Field(max_length=100)] = {}
    data: Annotated[dict[Name, ShortText], Field(max_length=50)] = {}
    call_headers: dict[CallHeaderName, CallHeaderValue] | None = None

    def stored(self) -> dict[str, Any] | None:
        """The JSON that is kept until the message has left; None for no options."""
        return self.model_dump(mode="json", exclude_defaults=True) or None

    @classmethod
    def read(cls, stored: Mapping[str, Any] | None) -> Self:
        """Options that were stored; those that a later release added are left out."""
        return cls.model_validate(stored or {}, extra="ignore")


NO_OPTIONS = MessageOptions()
