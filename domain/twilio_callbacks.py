"""What Twilio, or a provider that talks like it, tells of messages and of answers to them: forms, signed.

https://www.twilio.com/docs/usage/security#validating-requests
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.actions import Channel
from domain.message_news import MessageNews, NewsKind

WHATSAPP = "whatsapp:"
MAX_REPLY = 1_600
UNSUBSCRIBED_CODE = "21610"
# https://www.twilio.com/docs/api/errors: no such number, or none that takes messages.
DEAD_NUMBER_CODES = frozenset({"21211", "21614", "30005", "30006"})
_NEWS_OF_STATUS = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), NewsKind.SENT),
    "delivered": NewsKind.DELIVERED,
    "read": NewsKind.OPENED,
    **dict.fromkeys(("undelivered", "failed", "canceled"), NewsKind.FAILED),
}
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
# Not YES: people say it to other questions, too.
START_WORDS = frozenset({"START", "UNSTOP"})


class Wish(StrEnum):
    """What a reply asks for, beyond being one."""

    STOP = "stop"
    START = "start"


@dataclass(frozen=True, slots=True)
class Reply:
    """A message from somebody. `id`: what the provider calls it. `sender`: their number, in E.164."""

    id: str
    channel: Channel
    sender: str
    text: str
    wish: Wish | None


def twilio_signature(token: str, url: str, fields: Iterable[tuple[str, str]]) -> str:
    """What `X-Twilio-Signature` has to be for a form that was posted to `url`, the address in full."""
    # A field that is there more than once counts with each of its values once, as in Twilio's own libraries.
    told = url + "".join(name + value for name, value in sorted(set(fields)))
    return b64encode(hmac.digest(token.encode(), told.encode(), "sha1")).decode()


def is_signed(token: str, url: str, fields: Iterable[tuple[str, str]], signature: str) -> bool:
    """In a time that does not tell how much of a wrong signature is right."""
    return hmac.compare_digest(twilio_signature(token, url, fields).encode(), signature.encode())


def status_news(fields: Mapping[str, str], now: datetime) -> MessageNews | None:
    """None for a status that says nothing new, or that is not known here."""
    kind = _NEWS_OF_STATUS.get(fields.get("MessageStatus", "").lower())
    if kind is None:
        return None
    code = fields.get("ErrorCode") or None
    if kind is NewsKind.FAILED and code == UNSUBSCRIBED_CODE:
        kind = NewsKind.UNSUBSCRIBED
    elif kind is NewsKind.FAILED and code in DEAD_NUMBER_CODES:
        kind = NewsKind.BOUNCED
    return MessageNews(kind, now, provider_id=fields.get("MessageSid") or None, reason=code)


def reply_of(fields: Mapping[str, str]) -> Reply | None:
    """None without a sender or an id."""
    sender, id_ = fields.get("From", ""), fields.get("MessageSid", "")
    if not sender or not id_:
        return None
    channel = Channel.WHATSAPP if sender.startswith(WHATSAPP) else Channel.SMS
    body = fields.get("Body", "")
    return Reply(id_, channel, sender.removeprefix(WHATSAPP), body[:MAX_REPLY], _wish(body, fields))


def _wish(body: str, fields: Mapping[str, str]) -> Wish | None:
    # Accounts may have words of their own; the provider then says what was meant.
    said = (fields.get("OptOutType") or body).strip().strip(".!").upper()
    if said in STOP_WORDS:
        return Wish.STOP
    return Wish.START if said in START_WORDS else None
