"""Queued messages on their way: due, claimed by the attempt that sends them, and settled by it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.message_options import MessageOptions
from domain.messages import MessageStatus
from domain.send_gates import Decision
from domain.send_policy import SendPolicy
from store.tables.message import CLAIMED, QUEUED

ON_THEIR_WAY = (
    "SELECT m.id, m.participant_id, m.channel, m.recipient, m.subject, m.body, m.options, m.attempts, "
    "m.created_at, m.rule_id, m.event_id, m.journey_id, m.enrollment_id, m.block_id, m.template_id, m.claim, "
    "m.available_at, m.automation_id, m.run_id, m.sending "
    "FROM message m "
)
_DUE = text(
    f"{ON_THEIR_WAY} WHERE m.program_id = :program AND m.channel = :channel AND m.{QUEUED} "
    "AND m.available_at <= now() "
    "ORDER BY m.available_at, m.id LIMIT :limit FOR UPDATE OF m SKIP LOCKED"
)
# Whoever was erased while their message was being sent has no body left that could be sent again.
_SETTLE = text(
    "UPDATE message m SET error = s.error, available_at = COALESCE(s.available_at, m.available_at), claim = NULL, "
    "status = CASE WHEN s.again AND m.body IS NULL THEN 'cancelled' ELSE s.status END, "
    "body = CASE WHEN s.again THEN m.body END, options = CASE WHEN s.again THEN m.options END, "
    "provider_id = COALESCE(s.provider_id, m.provider_id), "
    "settled_at = CASE WHEN s.again AND m.body IS NOT NULL THEN NULL ELSE :now END "
    "FROM (SELECT *, status = 'queued' AS again FROM unnest(CAST(:ids AS uuid[]), CAST(:statuses AS text[]), "
    "CAST(:errors AS text[]), CAST(:due AS timestamptz[]), CAST(:provider_ids AS text[])) "
    "AS given(id, status, error, available_at, provider_id)) AS s "
    "WHERE m.id = s.id AND m.claim = :claim AND m.status IN ('sending', 'unknown') RETURNING m.id, m.status"
)
_UNATTENDED = text(
    "SELECT id FROM program WHERE EXISTS ("  # noqa: S608
    f"SELECT FROM message WHERE program_id = program.id AND {QUEUED} AND available_at < :due_before) "
    f"OR EXISTS (SELECT FROM message WHERE program_id = program.id AND {CLAIMED} AND available_at < :due_before) "
    "LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class DueMessage:
    """`attempts` counts those before. `participant_id` is None for a message to nobody on record."""

    id: UUID
    participant_id: UUID | None
    channel: Channel
    recipient: str
    subject: str
    body: str
    options: MessageOptions
    sending: SendPolicy
    attempts: int
    queued_at: datetime
    rule_id: UUID | None
    event_id: UUID | None
    journey_id: str | None
    enrollment_id: UUID | None
    block_id: str | None
    template_id: UUID | None
    automation_id: UUID | None
    run_id: UUID | None


@dataclass(frozen=True, slots=True)
class MessageSettlement:
    """What became of a claimed message: `queued` again, due at `available_at`, or a final status."""

    id: UUID
    status: MessageStatus
    error: str | None = None
    available_at: datetime | None = None
    provider_id: str | None = None


async def channels_with_due_messages(session: AsyncSession, program_id: UUID) -> list[Channel]:
    found = await session.execute(
        text(
            "SELECT channel FROM unnest(CAST(:channels AS text[])) AS channel WHERE EXISTS ("  # noqa: S608
            f"SELECT FROM message m WHERE m.program_id = :program AND m.channel = channel AND m.{QUEUED} "
            "AND m.available_at <= now())"
        ),
        {"program": program_id, "channels": list(Channel)},
    )
    return [Channel(name) for name in found.scalars()]


async def due_messages(
    session: AsyncSession, program_id: UUID, channel: Channel, limit: int
) -> list[DueMessage]:
    """Lock messages of a channel that are due, the longest due first. Those that somebody else has locked are
    passed over."""
    rows = await session.execute(_DUE, {"program": program_id, "channel": channel.value, "limit": limit})
    return [due_message_of(row) for row in rows.mappings()]


def due_message_of(row: RowMapping) -> DueMessage:
    """From a row of ON_THEIR_WAY."""
    return DueMessage(
        id=row["id"],
        participant_id=row["participant_id"],
        channel=Channel(row["channel"]),
        recipient=row["recipient"],
        subject=row["subject"],
        body=row["body"],
        options=MessageOptions.read(row["options"]),
        sending=SendPolicy.read(row["sending"]),
        attempts=row["attempts"],
        queued_at=row["created_at"],
        rule_id=row["rule_id"],
        event_id=row["event_id"],
        journey_id=row["journey_id"],
        enrollment_id=row["enrollment_id"],
        block_id=row["block_id"],
        template_id=row["template_id"],
        automation_id=row["automation_id"],
        run_id=row["run_id"],
    )


async def claim_messages(session: AsyncSession, ids: Sequence[UUID], claim_id: UUID) -> None:
    """Mark them as being sent by this attempt; from here on a crash leaves them in doubt."""
    await session.execute(
        text(
            "UPDATE message SET status = 'sending', claim = :claim, attempts = attempts + 1 "
            "WHERE id = ANY(CAST(:ids AS uuid[]))"
        ),
        {"ids": list(ids), "claim": claim_id},
    )


async def skip_messages(session: AsyncSession, decisions: Mapping[UUID, Decision], now: datetime) -> None:
    """Settle locked messages that a gate keeps for good; each decision has a reason."""
    if decisions:
        await session.execute(
            text(
                "UPDATE message m SET status = 'skipped', error = s.reason, gave_way_to = s.winner, body = NULL, "
                "options = NULL, settled_at = :now FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[]), "
                "CAST(:winners AS uuid[])) AS s(id, reason, winner) WHERE m.id = s.id"
            ),
            {
                "ids": list(decisions),
                "reasons": [decision.reason for decision in decisions.values()],
                "winners": [decision.winner for decision in decisions.values()],
                "now": now,
            },
        )


async def defer_messages(session: AsyncSession, decisions: Mapping[UUID, Decision]) -> None:
    """Leave locked messages in the queue until they may go; `error` says what they wait for."""
    if decisions:
        await session.execute(
            text(
                "UPDATE message m SET available_at = s.until, error = s.reason FROM unnest(CAST(:ids AS uuid[]), "
                "CAST(:untils AS timestamptz[]), CAST(:reasons AS text[])) AS s(id, until, reason) "
                "WHERE m.id = s.id"
            ),
            {
                "ids": list(decisions),
                "untils": [decision.until for decision in decisions.values()],
                "reasons": [decision.reason for decision in decisions.values()],
            },
        )


async def settle_claimed(
    session: AsyncSession, claim_id: UUID, settlements: Sequence[MessageSettlement], now: datetime
) -> dict[UUID, MessageStatus]:
    """Write what became of messages of this claim, also of those that were left in doubt meanwhile.

    Answers how each stands now; one that another attempt has taken over is not among them.
    """
    settled = await session.execute(
        _SETTLE,
        {
            "claim": claim_id,
            "ids": [settlement.id for settlement in settlements],
            "statuses": [settlement.status.value for settlement in settlements],
            "errors": [settlement.error for settlement in settlements],
            "due": [settlement.available_at for settlement in settlements],
            "provider_ids": [settlement.provider_id for settlement in settlements],
            "now": now,
        },
    )
    return {id_: MessageStatus(status) for id_, status in settled}


async def next_message_due_at(
    session: AsyncSession, program_id: UUID, but: Collection[Channel] = ()
) -> datetime | None:
    """`but`: channels to leave out."""
    found = await session.execute(
        text(
            f"SELECT min(available_at) FROM message WHERE program_id = :program AND {QUEUED} "  # noqa: S608
            "AND channel <> ALL(CAST(:but AS text[]))"
        ),
        {"program": program_id, "but": [channel.value for channel in but]},
    )
    due_at: datetime | None = found.scalar_one()
    return due_at


async def programs_with_unattended_messages(
    session: AsyncSession, due_before: datetime, limit: int
) -> Sequence[UUID]:
    """Programs with a message that should have been sent, or settled, by then."""
    found = await session.execute(_UNATTENDED, {"due_before": due_before, "limit": limit})
    return found.scalars().all()
