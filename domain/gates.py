"""The checks that can keep an effect from one participant, in the order they are made."""

from dataclasses import dataclass
from email.utils import parseaddr

from domain.actions import Channel
from domain.outcomes import SkipReason
from domain.participant import Consent, ParticipantStatus

MAX_ADDRESS_LENGTH = 320


@dataclass(frozen=True, slots=True)
class Reachability:
    """What the message gates look at."""

    consent: str | None
    address: str | None


def status_gate(status: str | None) -> SkipReason | None:
    """`status` is None when the person was deleted after the run enrolled them."""
    if status is None:
        return SkipReason.PARTICIPANT_DELETED
    return None if status == ParticipantStatus.ACTIVE else SkipReason.PARTICIPANT_NOT_ACTIVE


def message_gate(channel: Channel, reach: Reachability) -> SkipReason | None:
    """Consent first, then the address: a person who said no is never reported as unreachable."""
    if reach.consent != Consent.SUBSCRIBED:
        return SkipReason.NO_CONSENT
    if not reach.address:
        return SkipReason.NO_ADDRESS
    if channel is Channel.EMAIL and not is_mail_address(reach.address):
        return SkipReason.INVALID_ADDRESS
    return None


def is_mail_address(address: str) -> bool:
    """Whether it is one bare address that a mail can be sent to, as far as its form tells."""
    if len(address) > MAX_ADDRESS_LENGTH or any(ord(character) < 33 for character in address):
        return False
    local, at, domain = parseaddr(address)[1].rpartition("@")
    return bool(local and at and domain) and parseaddr(address)[1] == address
