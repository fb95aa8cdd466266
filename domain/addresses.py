"""Where a channel reaches a person, and whether it can be an address of that channel at all."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from domain.actions import Channel

PUSH_TOKEN = "push_token"  # noqa: S105
MAX_LENGTH = 4_096

# A channel whose destination is configured is told whom the message is about.
_COLUMN = {
    Channel.EMAIL: "email",
    Channel.SMS: "phone",
    Channel.WHATSAPP: "phone",
    Channel.WEBHOOK: "external_id",
    Channel.CONSOLE: "external_id",
    Channel.APPRISE: "external_id",
}


class InvalidAddressError(ValueError):
    """It cannot be an address of the channel. The text says so in words that quote nobody."""


class Row(Protocol):
    """Values by column."""

    def __getitem__(self, column: str, /) -> Any: ...


def address_of(channel: Channel, person: Row) -> str | None:
    """The address in a participant's row: a column, or for push the attribute `push_token`."""
    if channel is Channel.PUSH:
        token = person["attributes"].get(PUSH_TOKEN)
        return token if isinstance(token, str) else None
    address: str | None = person[_COLUMN[channel]]
    return address


# Gates ask for an address, and its channel asks again when it is sent to.
@lru_cache(maxsize=4_096)
def normal_address(channel: Channel, address: str) -> str:
    """The address as providers understand it: a number in E.164, the domain of a mail address in ASCII.

    Raises InvalidAddressError.
    """
    return _NORMAL.get(channel, _token)(address)


def _mail_address(address: str) -> str:
    try:
        checked = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except (EmailNotValidError, UnicodeError):
        raise InvalidAddressError("Invalid email address") from None
    # Without SMTPUTF8 there is an ASCII form of whatever is valid.
    assert checked.ascii_email is not None
    return checked.ascii_email


def _phone_number(address: str) -> str:
    try:
        number = phonenumbers.parse(address)
    except phonenumbers.NumberParseException:
        raise InvalidAddressError("Invalid phone number") from None
    # A message reaches no extension: it would go to whoever has the number.
    if number.extension or not phonenumbers.is_valid_number(number):
        raise InvalidAddressError("Invalid phone number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _token(address: str) -> str:
    if len(address) > MAX_LENGTH or not address.isprintable() or not address.strip():
        raise InvalidAddressError("Invalid recipient")
    return address


_NORMAL: dict[Channel, Callable[[str], str]] = {
    Channel.EMAIL: _mail_address,
    Channel.SMS: _phone_number,
    Channel.WHATSAPP: _phone_number,
}
