"""Messages that the record holds until they are handed over: what rules, alerts and journeys send."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.message_options import NO_OPTIONS, MessageOptions
from domain.send_policy import USUAL_POLICY, SendPolicy
from domain.wake_up import Sleeper
from store.waking import wake_after_commit

_QUEUE = text(
    "INSERT INTO message (id, key, program_id, participant_id, channel, recipient, subject, body, options, sending, priority, "
    "rule_id, event_id, journey_id, enrollment_id, block_id, template_id, status, available_at) "
    "SELECT q.*, 'queued', now() FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS text[]), CAST(:programs AS uuid[]), "
    "CAST(:people AS uuid[]), CAST(:channels AS text[]), CAST(:recipients AS text[]), CAST(:subjects AS text[]), "
    "CAST(:bodies AS text[]), CAST(:options AS jsonb[]), CAST(:sending AS jsonb[]), CAST(:priorities AS integer[]), CAST(:rules AS uuid[]), "
    "CAST(:events AS uuid[]), CAST(:journeys AS text[]), CAST(:enrollments AS uuid[]), CAST(:blocks AS text[]), "
    "CAST(:templates AS uuid[])) AS q "
    "ON CONFLICT (key) DO NOTHING"
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
    await session.execute(
        _QUEUE,
        {
            "ids": [message.id for message in messages],
            "keys": [message.key for message in messages],
            "programs": [message.program_id for message in messages],
            "people": [message.participant_id for message in messages],
            "channels": [message.channel.value for message in messages],
            "recipients": [message.recipient for message in messages],
            "subjects": [message.subject for message in messages],
            "bodies": [message.body for message in messages],
            "options": [_json(message.options) for message in messages],
            "sending": [_json(message.sending) for message in messages],
            "priorities": [message.sending.priority for message in messages],
            "rules": [message.rule_id for message in messages],
            "events": [message.event_id for message in messages],
            "journeys": [message.journey_id for message in messages],
            "enrollments": [message.enrollment_id for message in messages],
            "blocks": [message.block_id for message in messages],
            "templates": [message.template_id for message in messages],
        },
    )
    wake_after_commit(session, Sleeper.MESSAGES, {message.program_id for message in messages})


def _json(document: MessageOptions | SendPolicy) -> str | None:
    stored = document.stored()
    return None if stored is None else json.dumps(stored, ensure_ascii=False)
