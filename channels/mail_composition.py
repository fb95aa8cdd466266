"""A message as the bytes of a mail (RFC 5322), ready for any mail server: lines and headers are ASCII.

Written out by hand, since the standard library's own composition takes longer than everything else about a mail. What it
comes to is read back with the standard library in the tests, for any text.
"""

import re
from base64 import encodebytes
from binascii import b2a_qp
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.utils import format_datetime
from functools import lru_cache

from channels.channel import Outgoing
from channels.mail_sender import Sender

LONGEST_LINE = 998
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
CRLF = "\r\n"


def compose(message: Outgoing, sender: Sender, recipient: str) -> bytes:
    """The mail, with HTML beside the text where its options have it.

    With an address for unsubscribing it offers that in one click (RFC 8058). Raises ValueError for an address or a
    text that no mail can carry.
    """
    if not _ADDRESS.fullmatch(recipient):
        raise ValueError("the recipient is no address")
    from_, domain = _from(sender.name, sender.address)
    lines = [
        from_,
        f"To: {recipient}",
        _header("Subject", " ".join(message.subject.split())),
        f"Date: {format_datetime(datetime.now(UTC))}",
        f"Message-ID: <{message.message_id}@{domain}>",
        f"X-Carillon-Message: {message.message_id}",
        "MIME-Version: 1.0",
    ]
    options = message.options
    if options.unsubscribe_url is not None:
        lines += [
            f"List-Unsubscribe: <{options.unsubscribe_url}>",
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ]
    if sender.reply_to is not None and "reply-to" not in {name.lower() for name in options.headers}:
        lines.append(_header("Reply-To", sender.reply_to))
    lines += [_header(name, value) for name, value in options.headers.items()]
    content = _part("plain", message.body)
    if options.html is not None:
        content = _alternatives(content, _part("html", options.html))
    return CRLF.join(lines).encode("ascii") + b"\r\n" + content


@lru_cache(maxsize=256)
def _from(name: str, address: str) -> tuple[str, str]:
    """The From header, and the domain that names messages. Raises ValueError, IndexError or MessageError."""
    Address(display_name=name, addr_spec=address)
    shown = f"{_quoted(name)} <{address}>" if name else address
    return f"From: {shown}", address.rpartition("@")[2]


def _quoted(name: str) -> str:
    if not _is_plain(name):
        return Header(name, "utf-8", header_name="From").encode(linesep=CRLF)
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _header(name: str, value: str) -> str:
    """As it is where that can be, else as encoded words (RFC 2047)."""
    if _is_plain(value) and len(name) + len(value) + 2 <= LONGEST_LINE and "=?" not in value:
        return f"{name}: {value}"
    return f"{name}: {Header(value, 'utf-8', header_name=name).encode(linesep=CRLF)}"


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable()


def _part(subtype: str, text: str) -> bytes:
    """A part with its headers: as it is where that can be, else in whichever encoding is the shorter one."""
    lines = text.encode().splitlines()
    if text.isascii() and "\0" not in text and all(len(line) <= LONGEST_LINE for line in lines):
        encoding, content = "7bit", b"\r\n".join(lines)
    else:
        whole = b"\n".join(lines) + b"\n"
        quoted, coded = b2a_qp(whole, istext=True), encodebytes(whole.replace(b"\n", b"\r\n"))
        encoding, content = ("base64", coded) if len(coded) < len(quoted) else ("quoted-printable", quoted)
        content = content.rstrip(b"\n").replace(b"\n", b"\r\n")
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode("ascii") + content + b"\r\n"


def _alternatives(*parts: bytes) -> bytes:
    """Forms of the same message, the plainest first."""
    boundary = b"=_carillon"
    while any(b"--" + boundary in part for part in parts):
        boundary += b"_"
    head = b'Content-Type: multipart/alternative; boundary="' + boundary + b'"\r\n\r\n'
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return head + body + b"--" + boundary + b"--\r\n"
