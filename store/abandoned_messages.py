"""Queued messages that an attempt claimed and did not settle: its worker has died, or is thought to have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.outcomes import UNSETTLED
from store.message_dispatch import ON_THEIR_WAY, DueMessage, due_message_of
from store.tables.message import CLAIMED

_ABANDONED = text(
    f"{ON_THEIR_WAY} WHERE m.program_id = :program AND m.status = 'sending' AND m.claim IS NOT NULL "
    "AND m.channel = :channel AND m.claim <> :claim AND m.body IS NOT NULL ORDER BY m.id"
)
_REPEAT = text(
    "UPDATE message SET claim = NULL, "  # noqa: S608
    "status = CASE WHEN body IS NULL THEN 'unknown' ELSE 'queued' END, "
    "settled_at = CASE WHEN body IS NULL THEN :now ELSE settled_at END "
    f"WHERE program_id = :program AND {CLAIMED} AND channel = :channel AND claim <> :claim RETURNING id"
)
# The claim stays: an attempt that was thought dead may still tell what became of its sends.
_LEAVE_UNKNOWN = text(
    "UPDATE message SET status = 'unknown', error = :error, body = NULL, options = NULL, settled_at = :now "  # noqa: S608
    f"WHERE program_id = :program AND {CLAIMED} AND channel = :channel AND claim <> :claim RETURNING id"
)


@dataclass(frozen=True, slots=True)
class AbandonedMessage:
    """`claim`: the attempt's, for whom it may still be settled. It was not sent before `due_at`."""

    message: DueMessage
    claim: UUID
    due_at: datetime


async def channels_with_abandoned_messages(
    session: AsyncSession, program_id: UUID, claim_id: UUID
) -> list[Channel]:
    found = await session.execute(
        text(
            f"SELECT DISTINCT channel FROM message WHERE program_id = :program AND {CLAIMED} "  # noqa: S608
            "AND claim <> :claim"
        ),
        {"program": program_id, "claim": claim_id},
    )
    return [Channel(name) for name in found.scalars()]


async def abandoned_messages(
    session: AsyncSession, program_id: UUID, channel: Channel, claim_id: UUID
) -> Sequence[AbandonedMessage]:
    """Those of other attempts than `claim_id`. Nothing is locked: such an attempt may be alive, and settle them."""
    given = {"program": program_id, "channel": channel.value, "claim": claim_id}
    rows = await session.execute(_ABANDONED, given)
    return [
        AbandonedMessage(due_message_of(row), row["claim"], row["available_at"]) for row in rows.mappings()
    ]


async def resolve_abandoned_messages(
    session: AsyncSession,
    program_id: UUID,
    channel: Channel,
    claim_id: UUID,
    now: datetime,
    *,
    repeat: bool,
) -> Sequence[UUID]:
    """Messages that another attempt claimed and did not settle: sent again, or left `unknown`. Answers which."""
    given: dict[str, Any] = {"program": program_id, "channel": channel.value, "claim": claim_id, "now": now}
    if repeat:
        return (await session.execute(_REPEAT, given)).scalars().all()
    return (await session.execute(_LEAVE_UNKNOWN, given | {"error": UNSETTLED})).scalars().all()
