"""From whom a mail is."""

from collections.abc import Collection
from dataclasses import dataclass
from email.utils import parseaddr

from domain.message_options import MessageOptions


@dataclass(frozen=True, slots=True)
class Sender:
    """`reply_to`: where answers go instead, where the author's address may not be the sender's."""

    name: str
    address: str
    reply_to: str | None = None


class Senders:
    """`email_from`: the installation's own. `domains`: those that mail may come from besides its domain.

    A mail of another domain would fail the receiver's check of where it comes from (DMARC), so its author's address
    is the one for answers then.
    """

    def __init__(self, email_from: str, domains: Collection[str]) -> None:
        self._name, self._address = parseaddr(email_from)
        self._domains = {_domain(self._address), *domains}

    def of(self, options: MessageOptions) -> Sender:
        name = " ".join((options.sender_name or "").split()) or self._name
        author = options.sender_email
        if author is None:
            return Sender(name, self._address)
        if author.isascii() and _domain(author) in self._domains:
            return Sender(name, author)
        return Sender(name, self._address, author)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
