"""Phone numbers by their digits: however a number is written, whoever answers from it is known."""

import re
from unicodedata import decimal

from domain.actions import Channel
from domain.addresses import InvalidAddressError, normal_address

_NOT_WRITTEN = re.compile(r"[^0-9]")


def dialled_digits(phone: str) -> str:
    """Those of the number in E.164; of what is no such number, those that are written, of any script."""
    try:
        return normal_address(Channel.SMS, phone).removeprefix("+")
    except InvalidAddressError:
        return "".join(str(digit) for sign in phone if (digit := decimal(sign, None)) is not None)


def dialled_unlike_written(phone: str | None) -> str | None:
    """The digits that are dialled, of a number that is not written with just these (`+44 (0) 7911 ...`)."""
    if phone is None:
        return None
    dialled = dialled_digits(phone)
    return None if dialled == _NOT_WRITTEN.sub("", phone) else dialled
