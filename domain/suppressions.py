"""Addresses that nothing is sent to, whoever has them, and the forms in which they are kept."""

from enum import StrEnum
from hashlib import sha256
from uuid import UUID

from domain.actions import Channel
from domain.addresses import InvalidAddressError, normal_address

HASHED = "sha256:"


class SuppressionReason(StrEnum):
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"


def suppressed_form(channel: Channel, address: str) -> str:
    """The form in which an address is compared: spellings that reach the same mailbox or phone share one."""
    try:
        normal = normal_address(channel, address)
    except InvalidAddressError:
        # It was reached under this form once, or never will be.
        normal = address.strip()
    return normal.lower() if channel is Channel.EMAIL else normal


def erased_form(program_id: UUID, channel: Channel, address: str) -> str:
    """What is left of the address of somebody who was erased: enough to know it again, and not to read it.

    Salted with the program and the channel, so that lists of hashes made elsewhere are of no use.
    """
    salted = f"{program_id}:{channel.value}:{suppressed_form(channel, address)}"
    return HASHED + sha256(salted.encode()).hexdigest()


def is_erased(form: str) -> bool:
    return form.startswith(HASHED)
