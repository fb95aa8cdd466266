"""A message as the bytes of a mail."""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr

from channels.channel import Outgoing

UNSUBSCRIBE = "List-Unsubscribe"


class _MailPolicy(EmailPolicy):
    """As RFC 5322 says, but for one header: a folded URL would be written in a form that nobody reads back."""

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {value}{self.linesep}" if name == UNSUBSCRIBE else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        return (
            self.fold(name, value).encode("ascii")
            if name == UNSUBSCRIBE
            else super().fold_binary(name, value)
        )


_POLICY = _MailPolicy(linesep="\r\n")


def compose(message: Outgoing, sender: str, recipient: str) -> bytes:
    """The message as RFC 5322 bytes, with HTML beside the text where its options have it.

    With an address for unsubscribing it offers that in one click (RFC 8058). Raises ValueError, IndexError or
    MessageError for an address or a text that no mail can carry.
    """
    mail = EmailMessage(policy=_POLICY)
    name, address = parseaddr(sender)
    mail["From"] = Address(display_name=name, addr_spec=address)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = " ".join(message.subject.split())
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{message.message_id}@{address.rpartition('@')[2]}>"
    mail["X-Carillon-Message"] = str(message.message_id)
    options = message.options
    if options.unsubscribe_url is not None:
        mail[UNSUBSCRIBE] = f"<{options.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for header, value in options.headers.items():
        mail[header] = value
    mail.set_content(message.body)
    if options.html is not None:
        mail.add_alternative(options.html, subtype="html")
    return mail.as_bytes()
