"""Where people of a journey stand after a round, and the steps that they took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.stepping import Step, Walked

_MOVE = text(
    "UPDATE enrollment e SET status = m.status, block_id = m.block_id, wake_at = m.wake_at, reason = m.reason, "
    "steps = e.steps + m.steps, awaited_event_id = NULL, "
    "waiting_since = CASE WHEN m.wake_at IS NOT NULL THEN CAST(:now AS timestamptz) END, "
    "finished_at = CASE WHEN m.wake_at IS NULL THEN CAST(:now AS timestamptz) END "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:statuses AS text[]), CAST(:blocks AS text[]), "
    "CAST(:wake AS timestamptz[]), CAST(:reasons AS text[]), CAST(:steps AS integer[])) "
    "AS m(id, status, block_id, wake_at, reason, steps) WHERE e.id = m.id"
)
_STEP = text(
    "INSERT INTO enrollment_step (enrollment_id, number, journey_id, content_hash, block_id, decision, reason, at) "
    "SELECT s.enrollment_id, s.number, :journey, s.content_hash, s.block_id, s.decision, s.reason, :now "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS integer[]), CAST(:versions AS text[]), "
    "CAST(:blocks AS text[]), CAST(:decisions AS text[]), CAST(:reasons AS text[])) "
    "AS s(enrollment_id, number, content_hash, block_id, decision, reason)"
)
_PUT_OFF = text("UPDATE enrollment SET wake_at = :until WHERE id = ANY(CAST(:ids AS uuid[]))")


@dataclass(frozen=True, slots=True)
class Moved:
    """`steps_before`: how many they had taken until now."""

    enrollment_id: UUID
    content_hash: str
    steps_before: int
    walked: Walked


async def write_moves(session: AsyncSession, journey_id: str, moved: Sequence[Moved], now: datetime) -> None:
    """Of people whom this transaction has locked."""
    if not moved:
        return
    await session.execute(
        _MOVE,
        {
            "ids": [one.enrollment_id for one in moved],
            "statuses": [one.walked.status.value for one in moved],
            "blocks": [one.walked.block_id for one in moved],
            "wake": [one.walked.wake_at for one in moved],
            "reasons": [one.walked.reason for one in moved],
            "steps": [len(one.walked.steps) for one in moved],
            "now": now,
        },
    )
    taken: list[tuple[Moved, int, Step]] = [
        (one, number, step)
        for one in moved
        for number, step in enumerate(one.walked.steps, start=one.steps_before + 1)
    ]
    if taken:
        await session.execute(
            _STEP,
            {
                "ids": [one.enrollment_id for one, _, _ in taken],
                "numbers": [number for _, number, _ in taken],
                "versions": [one.content_hash for one, _, _ in taken],
                "blocks": [step.block_id for _, _, step in taken],
                "decisions": [step.decision.value for _, _, step in taken],
                "reasons": [step.reason for _, _, step in taken],
                "journey": journey_id,
                "now": now,
            },
        )


async def put_off(session: AsyncSession, enrollments: Sequence[UUID], until: datetime) -> None:
    """Have people try their next step again later."""
    await session.execute(_PUT_OFF, {"ids": list(enrollments), "until": until})
