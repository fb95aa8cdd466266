"""Messages that the record holds until they are handed over: what rules, alerts and journeys send."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.message_options import NO_OPTIONS, MessageOptions
from domain.send_policy import USUAL_POLICY, SendPolicy
from domain.wake_up import Sleeper
from store.waking import wake_after_commit

# Given as JSON: to write thousands of values as arrays takes several times as long.
_QUEUE = text(
    "INSERT INTO message (id, key, program_id, participant_id, channel, recipient, subject, body, options, sending, "
    "priority, rule_id, event_id, journey_id, enrollment_id, block_id, template_id, status, available_at) "
    "SELECT q.*, 'queued', now() FROM jsonb_to_recordset(CAST(:messages AS jsonb)) AS q(id uuid, key text, "
    "program_id uuid, participant_id uuid, channel text, recipient text, subject text, body text, options jsonb, "
    "sending jsonb, priority integer, rule_id uuid, event_id uuid, journey_id text, enrollment_id uuid, "
    "block_id text, template_id uuid) ON CONFLICT (key) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class MessageToQueue:
    """`key` names the effect, so it exists once; `id` is what a provider or a mailbox can tell a repeat by.

    `sending`: what it asks of the gates when it is due; its `priority` decides who goes where there is room for some.
    """

    id: UUID
    key: str
    program_id: UUID
    participant_id: UUID | None
    channel: Channel
    recipient: str
    subject: str
    body: str
    options: MessageOptions = NO_OPTIONS
    sending: SendPolicy = USUAL_POLICY
    rule_id: UUID | None = None
    event_id: UUID | None = None
    journey_id: str | None = None
    enrollment_id: UUID | None = None
    block_id: str | None = None
    template_id: UUID | None = None


async def queue_messages(session: AsyncSession, messages: Sequence[MessageToQueue]) -> None:
    """Have messages sent once this transaction has committed; nothing for those whose key is there already.

    The caller has locked their participants, so that an erasure finds the messages too.
    """
    if not messages:
        return
    rows = json.dumps([_row(message) for message in messages], ensure_ascii=False)
    await session.execute(_QUEUE, {"messages": rows})
    wake_after_commit(session, Sleeper.MESSAGES, {message.program_id for message in messages})


def _row(message: MessageToQueue) -> dict[str, Any]:
    """By column; what is left out is null."""
    row = {
        "id": str(message.id),
        "key": message.key,
        "program_id": str(message.program_id),
        "channel": message.channel.value,
        "recipient": message.recipient,
        "subject": message.subject,
        "body": message.body,
        "options": None if message.options is NO_OPTIONS else message.options.stored(),
        "sending": None if message.sending is USUAL_POLICY else message.sending.stored(),
        "priority": message.sending.priority,
        "journey_id": message.journey_id,
        "block_id": message.block_id,
    }
    for name in ("participant_id", "rule_id", "event_id", "enrollment_id", "template_id"):
        id_ = getattr(message, name)
        if id_ is not None:
            row[name] = str(id_)
    return row
