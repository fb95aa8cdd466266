"""Links in messages that lead to Carillon: to unsubscribe, through it to where a link leads, and to a pixel.

A token holds the id of the message, for a click its target, and a signature: nobody's data, and nothing to look up.
The same message has the same links in each attempt to send it.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from itsdangerous import BadSignature, Signer
from itsdangerous.signer import HMACAlgorithm

# What templates are given for the link: it is filled in when the message is handed over.
UNSUBSCRIBE_LINK = "[[unsubscribe_link]]"
LINKS_IN_TEMPLATES = {"unsubscribe_url": UNSUBSCRIBE_LINK, "unsubscribe_link": UNSUBSCRIBE_LINK}
UNSUBSCRIBE_PATH, CLICK_PATH, OPEN_PATH, SHORT_PATH = "/u", "/c", "/o", "/l"
LONGEST_TARGET = 2_000
SIGNATURE_BYTES = 12
CODE_BYTES = 9
ID_BYTES = 16


class InvalidLinkError(ValueError):
    """Nobody who has the key made this token, for this purpose."""


@dataclass(frozen=True, slots=True)
class ShortenedLink:
    """`code`: 12 signs that nobody can guess, and that are kept with where they lead."""

    code: str
    message_id: UUID
    url: str


class _ShortSignature(HMACAlgorithm):
    """96 bits, so that links stay short: whoever guesses one has to ask this server each time."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return super().get_signature(key, value)[:SIGNATURE_BYTES]


class MessageLinks:
    """`keys`: the first one signs, and links that any of them signed are good."""

    def __init__(self, public_url: str, keys: Sequence[str]) -> None:
        self.public_url = public_url
        paths = (UNSUBSCRIBE_PATH, CLICK_PATH, OPEN_PATH, SHORT_PATH)
        self._signers = {path: _signer(path, keys) for path in paths}

    def unsubscribe_url(self, message_id: UUID) -> str:
        return f"{self.public_url}{UNSUBSCRIBE_PATH}/{self._token(UNSUBSCRIBE_PATH, message_id.bytes)}"

    def click_url(self, message_id: UUID, target: str) -> str:
        token = self._token(CLICK_PATH, message_id.bytes + target.encode())
        return f"{self.public_url}{CLICK_PATH}/{token}"

    def shortened(self, message_id: UUID, target: str) -> ShortenedLink:
        signature = self._signers[SHORT_PATH].get_signature(message_id.bytes + target.encode())
        code = urlsafe_b64encode(urlsafe_b64decode(signature)[:CODE_BYTES]).decode()
        return ShortenedLink(code, message_id, target)

    def short_url(self, link: ShortenedLink) -> str:
        return f"{self.public_url}{SHORT_PATH}/{link.code}"

    def open_url(self, message_id: UUID) -> str:
        return f"{self.public_url}{OPEN_PATH}/{self._token(OPEN_PATH, message_id.bytes)}.gif"

    def unsubscribed_message(self, token: str) -> UUID:
        """Raises InvalidLinkError, as the others do."""
        return self._message(UNSUBSCRIBE_PATH, token)

    def opened_message(self, token: str) -> UUID:
        return self._message(OPEN_PATH, token)

    def clicked_link(self, token: str) -> tuple[UUID, str]:
        """The message, and where its link leads."""
        content = self._content(CLICK_PATH, token)
        return UUID(bytes=content[:ID_BYTES]), content[ID_BYTES:].decode()

    def _message(self, path: str, token: str) -> UUID:
        content = self._content(path, token)
        if len(content) != ID_BYTES:
            raise InvalidLinkError
        return UUID(bytes=content)

    def _token(self, path: str, content: bytes) -> str:
        value = urlsafe_b64encode(content).rstrip(b"=")
        return self._signers[path].sign(value).decode()

    def _content(self, path: str, token: str) -> bytes:
        try:
            value = self._signers[path].unsign(token.encode())
            return urlsafe_b64decode(value + b"=" * (-len(value) % 4))
        except (BadSignature, binascii.Error, UnicodeError):
            raise InvalidLinkError from None


def _signer(path: str, keys: Sequence[str]) -> Signer:
    # The library takes the newest key last.
    newest_last = list(reversed(keys))
    return Signer(
        newest_last, salt=f"carillon{path}", key_derivation="hmac", algorithm=_ShortSignature(sha256)
    )
