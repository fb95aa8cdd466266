"""The send ledger: one row per message, keyed by the effect it stands for."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel, SendMessage
from store.tables import AutomationRun, Message


@dataclass(frozen=True, slots=True)
class Draft:
    """A message about to be sent to the participant of one ledger row."""

    message_id: UUID
    seq: int
    participant_id: UUID
    recipient: str
    subject: str
    occasion: str | None


def message_key(run_id: UUID, participant_id: UUID) -> str:
    return f"run:{run_id}:{participant_id}"


def message_id_of(run_id: UUID, participant_id: UUID) -> UUID:
    """The same effect has the same id in every attempt, so that a provider or a mailbox can tell a repeat."""
    return uuid5(run_id, message_key(run_id, participant_id))


async def record_drafts(
    session: AsyncSession, run: AutomationRun, action: SendMessage, drafts: Sequence[Draft], now: datetime
) -> None:
    """Write the messages as `sending`. A repeated send of the same effect takes over its row."""
    await session.execute(
        text(
            "INSERT INTO message (id, key, program_id, automation_id, run_id, template_id, participant_id, channel, "
            "recipient, subject, sending, priority, occasion, status, created_at) "
            "SELECT d.id, d.key, :program, :automation, :run, :template, d.participant_id, :channel, d.recipient, "
            "d.subject, CAST(:sending AS jsonb), :priority, d.occasion, 'sending', :now FROM unnest(CAST(:ids AS uuid[]), "
            "CAST(:keys AS text[]), CAST(:people AS uuid[]), "
            "CAST(:recipients AS text[]), CAST(:subjects AS text[]), CAST(:occasions AS text[])) "
            "AS d(id, key, participant_id, recipient, subject, occasion) "
            "ON CONFLICT (key) DO UPDATE SET status = 'sending', recipient = excluded.recipient, "
            "subject = excluded.subject, occasion = excluded.occasion, error = NULL, settled_at = NULL"
        ),
        {
            "program": run.program_id,
            "automation": run.automation_id,
            "run": run.id,
            "template": action.template_id,
            "channel": action.channel.value,
            "sending": _json(action.sending.stored()),
            "priority": action.sending.priority,
            "now": now,
            "ids": [draft.message_id for draft in drafts],
            "keys": [message_key(run.id, draft.participant_id) for draft in drafts],
            "people": [draft.participant_id for draft in drafts],
            "recipients": [draft.recipient for draft in drafts],
            "subjects": [draft.subject for draft in drafts],
            "occasions": [draft.occasion for draft in drafts],
        },
    )


async def first_begun_at(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Before when messages of runs were certainly not sent."""
    statement = select(Message.id, Message.created_at).where(col(Message.id).in_(ids))
    return dict((await session.exec(statement)).all())


async def still_there(session: AsyncSession, participants: Sequence[UUID]) -> set[UUID]:
    """Those who are neither erased nor being erased. Nobody erases them until the transaction ends."""
    if not participants:
        return set()
    found = await session.execute(
        text(
            "SELECT id FROM participant WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR KEY SHARE SKIP LOCKED"
        ),
        {"ids": list(participants)},
    )
    return set(found.scalars())


async def addresses_written_to(
    session: AsyncSession, participant_id: UUID
) -> set[tuple[Channel, str | None]]:
    """By which channels, and under which addresses, messages to a participant went."""
    found = await session.execute(
        text("SELECT DISTINCT channel, recipient FROM message WHERE participant_id = :participant"),
        {"participant": participant_id},
    )
    return {(Channel(channel), recipient) for channel, recipient in found}


async def erase_messages_of(session: AsyncSession, participant_id: UUID) -> None:
    """Leave of the messages to a participant only that they were sent; those that were not never will be.

    What providers said of them goes too, as it may quote the address, and so do the links that were followed.
    """
    erased = {"participant_id": participant_id}
    for links in ("message_click", "short_link"):
        await session.execute(
            text(
                f"DELETE FROM {links} USING message "  # noqa: S608
                f"WHERE message.participant_id = :participant_id AND {links}.message_id = message.id"
            ),
            erased,
        )
    await session.execute(
        text(
            "UPDATE message SET recipient = '', subject = NULL, body = NULL, options = NULL, error = NULL, occasion = NULL, "
            "status = CASE WHEN status = 'queued' THEN 'cancelled' ELSE status END, "
            "settled_at = CASE WHEN status = 'queued' THEN now() ELSE settled_at END "
            "WHERE participant_id = :participant_id"
        ),
        erased,
    )
    await session.execute(
        text(
            "UPDATE run_participant enrolled SET outcome = 'skipped', reason = 'participant_deleted', "
            "updated_at = now() FROM message WHERE message.participant_id = :participant_id "
            "AND message.status = 'cancelled' AND enrolled.run_id = message.run_id "
            "AND enrolled.participant_id = :participant_id AND enrolled.outcome = 'deferred'"
        ),
        erased,
    )
    await session.execute(
        text(
            "UPDATE run_participant enrolled SET error = NULL FROM message "
            "WHERE message.participant_id = :participant_id AND enrolled.run_id = message.run_id "
            "AND enrolled.participant_id = :participant_id AND enrolled.error IS NOT NULL"
        ),
        erased,
    )


async def note_contact(session: AsyncSession, participants: Sequence[UUID], now: datetime) -> None:
    """Remember that these people were sent something (`participant.last_contacted_at` in expressions)."""
    if participants:
        # Rows are locked in one order, so that runs reaching the same people cannot deadlock.
        await session.execute(
            text(
                "UPDATE participant p SET last_contacted_at = :now FROM (SELECT id FROM participant "
                "WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE) AS sent WHERE p.id = sent.id"
            ),
            {"ids": list(participants), "now": now},
        )


async def settle_messages(
    session: AsyncSession,
    ids: Sequence[UUID],
    statuses: Sequence[str],
    errors: Sequence[str | None],
    provider_ids: Sequence[str | None],
    now: datetime,
) -> set[UUID]:
    """Answers those that are settled now. One whose arrival was told meanwhile has been, and stays sent."""
    settled = await session.execute(
        text(
            "UPDATE message m SET status = s.status, error = s.error, settled_at = :now, "
            "provider_id = COALESCE(s.provider_id, m.provider_id) FROM unnest(CAST(:ids AS uuid[]), "
            "CAST(:statuses AS text[]), CAST(:errors AS text[]), CAST(:provider_ids AS text[])) "
            "AS s(id, status, error, provider_id) WHERE m.id = s.id AND m.status <> 'sent' RETURNING m.id"
        ),
        {
            "ids": list(ids),
            "statuses": list(statuses),
            "errors": list(errors),
            "provider_ids": list(provider_ids),
            "now": now,
        },
    )
    return set(settled.scalars())


async def settle_abandoned_messages(
    session: AsyncSession, run_id: UUID, participants: Sequence[UUID], status: str, now: datetime
) -> None:
    """Messages whose sender died before it could settle them."""
    await session.execute(
        text(
            "UPDATE message SET status = :status, settled_at = :now WHERE run_id = :run AND status = 'sending' "
            "AND key = ANY(CAST(:keys AS text[]))"
        ),
        {
            "run": run_id,
            "keys": [message_key(run_id, participant) for participant in participants],
            "status": status,
            "now": now,
        },
    )


def _json(stored: object) -> str | None:
    return None if stored is None else json.dumps(stored)
