"""What is told of a message after it has left, in any order and more than once, and what follows from it.

Whatever the order, the record ends the same: of each instant the earliest is kept, and a message that anybody has
seen has been sent, whatever was thought of it before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from domain.message_events import MessageEventType
from domain.messages import MessageStatus
from domain.suppressions import SuppressionReason


class NewsKind(StrEnum):
    """`failed`: the provider took it and could not deliver it. `bounced`: nor will it ever, to this address.

    `deferred`: not yet, and it is tried again.
    """

    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    OPENED = "opened"
    CLICKED = "clicked"
    COMPLAINED = "complained"
    REPLIED = "replied"
    UNSUBSCRIBED = "unsubscribed"


INSTANT_OF = {
    NewsKind.FAILED: "bounced_at",
    NewsKind.DELIVERED: "delivered_at",
    NewsKind.BOUNCED: "bounced_at",
    NewsKind.OPENED: "opened_at",
    NewsKind.CLICKED: "clicked_at",
    NewsKind.COMPLAINED: "complained_at",
    NewsKind.REPLIED: "replied_at",
    NewsKind.UNSUBSCRIBED: "unsubscribed_at",
}
EVENT_OF = {
    NewsKind.FAILED: MessageEventType.BOUNCED,
    NewsKind.DELIVERED: MessageEventType.DELIVERED,
    NewsKind.DEFERRED: MessageEventType.BOUNCED,
    NewsKind.BOUNCED: MessageEventType.BOUNCED,
    NewsKind.OPENED: MessageEventType.OPENED,
    NewsKind.CLICKED: MessageEventType.CLICKED,
    NewsKind.COMPLAINED: MessageEventType.COMPLAINED,
    NewsKind.REPLIED: MessageEventType.REPLIED,
    NewsKind.UNSUBSCRIBED: MessageEventType.UNSUBSCRIBED,
}
SUPPRESSION_OF = {
    NewsKind.BOUNCED: SuppressionReason.BOUNCE,
    NewsKind.COMPLAINED: SuppressionReason.COMPLAINT,
    NewsKind.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBE,
}
# Each of these may happen to one message more than once, and is told as often.
REPEATED = frozenset({NewsKind.DEFERRED, NewsKind.CLICKED, NewsKind.REPLIED})
# Also while it is being sent: its sender may never hear, and does not take it back.
_MAY_BE_SENT = frozenset(
    {MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageStatus.FAILED, MessageStatus.QUEUED}
)


@dataclass(frozen=True, slots=True)
class MessageNews:
    """`at`: when it happened. `provider_id`: what the provider calls the message. `reason`: a word or a code of theirs.

    `url`: that was clicked. `text`: of a reply.
    """

    kind: NewsKind
    at: datetime
    provider_id: str | None = None
    reason: str | None = None
    url: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class MessageState:
    """What news can change of a message. `instants`: by the column's name, those that are known."""

    status: MessageStatus
    provider_id: str | None = None
    instants: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consequences:
    """The message as it stands after news; the event that tells of it, if it is new; and why nothing more is sent
    to the address, if so."""

    after: MessageState
    event: MessageEventType | None
    suppression: SuppressionReason | None


def consequences(before: MessageState, news: MessageNews) -> Consequences:
    """News that were told before change nothing; of REPEATED kinds the caller knows which were."""
    name = INSTANT_OF.get(news.kind)
    instants = dict(before.instants)
    if name is not None:
        instants[name] = min(news.at, instants.get(name, news.at))
    told_before = name is not None and name in before.instants and news.kind not in REPEATED
    after = replace(
        before,
        status=_status(before.status, news.kind),
        provider_id=before.provider_id or news.provider_id,
        instants=instants,
    )
    return Consequences(
        after, None if told_before else EVENT_OF.get(news.kind), SUPPRESSION_OF.get(news.kind)
    )


def _status(status: MessageStatus, kind: NewsKind) -> MessageStatus:
    if kind is NewsKind.FAILED:
        return MessageStatus.FAILED if status is MessageStatus.UNKNOWN else status
    return MessageStatus.SENT if status in _MAY_BE_SENT else status
