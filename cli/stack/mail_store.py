"""Mails a sink received: the latest in full, counts for all of them. Kept in memory only."""

import re
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from functools import cached_property

_MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True)
class Stats:
    """`duplicates` counts repeats of one Message-ID (or, without one, of one content) to one recipient."""

    total: int
    recipients: int
    duplicates: int


@dataclass(frozen=True)
class StoredMail:
    number: int
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @cached_property
    def parsed(self) -> EmailMessage:
        return BytesParser(policy=policy.default).parsebytes(self.content)

    @property
    def subject(self) -> str:
        return str(self.parsed.get("Subject", ""))

    @property
    def headers(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.parsed.items()}

    @property
    def text(self) -> str | None:
        return self._body("plain")

    @property
    def html(self) -> str | None:
        return self._body("html")

    def _body(self, kind: str) -> str | None:
        part = self.parsed.get_body((kind,))
        if part is None:
            return None
        payload = part.get_payload(decode=True)
        if not isinstance(payload, bytes):
            return None
        try:
            return payload.decode(part.get_content_charset("utf-8"), errors="replace")
        except LookupError:
            return payload.decode(errors="replace")


class MailStore:
    """Keeps at most `kept` mails and `kept_bytes` of content; the oldest go first."""

    def __init__(
        self, kept: int = 10_000, kept_bytes: int = 256_000_000, remembered: int = 2_000_000
    ) -> None:
        self._kept = kept
        self._kept_bytes = kept_bytes
        self._remembered = remembered
        self.clear()

    def clear(self) -> None:
        """Forget mails and counts."""
        self._mails: deque[StoredMail] = deque()
        self._bytes = 0
        self._total = 0
        self._duplicates = 0
        self._seen: dict[int, None] = {}
        self.counts: Counter[str] = Counter()

    def add(self, sender: str, recipients: Sequence[str], content: bytes) -> None:
        """Store one mail and drop the oldest beyond the bounds."""
        self._total += 1
        addresses = tuple(recipient.lower() for recipient in recipients)
        self._count(addresses, content)
        self._mails.append(StoredMail(self._total, datetime.now(UTC), sender, addresses, content))
        self._bytes += len(content)
        while len(self._mails) > self._kept or (self._bytes > self._kept_bytes and len(self._mails) > 1):
            self._bytes -= len(self._mails.popleft().content)

    def latest(self, limit: int, to: str | None = None) -> list[StoredMail]:
        """The newest kept mails first, all or those to one address."""
        found: list[StoredMail] = []
        for mail in reversed(self._mails):
            if len(found) >= limit:
                break
            if to is None or to.lower() in mail.recipients:
                found.append(mail)
        return found

    def get(self, number: int) -> StoredMail | None:
        """A kept mail by its number, counted from 1."""
        place = number - self._mails[0].number if self._mails else -1
        return self._mails[place] if 0 <= place < len(self._mails) else None

    def stats(self) -> Stats:
        return Stats(self._total, len(self.counts), self._duplicates)

    def _count(self, addresses: tuple[str, ...], content: bytes) -> None:
        head, _, _ = content.partition(b"\r\n\r\n")
        found = _MESSAGE_ID.search(head)
        identity = found[1] if found else content
        for address in addresses:
            self.counts[address] += 1
            key = hash((address, identity))
            if key in self._seen:
                self._duplicates += 1
            else:
                self._seen[key] = None
        while len(self._seen) > self._remembered:
            del self._seen[next(iter(self._seen))]
