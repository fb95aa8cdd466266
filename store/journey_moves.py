"""Where people of a journey stand after a round, and the steps that they took."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.stepping import Walked

# Given as JSON: to write thousands of values as arrays takes several times as long.
_MOVE = text(
    "UPDATE enrollment e SET status = m.status, block_id = m.block_id, wake_at = m.wake_at, reason = m.reason, "
    "steps = e.steps + m.steps, awaited_event_id = NULL, "
    "waiting_since = CASE WHEN m.wake_at IS NOT NULL THEN CAST(:now AS timestamptz) END, "
    "finished_at = CASE WHEN m.wake_at IS NULL THEN CAST(:now AS timestamptz) END "
    "FROM jsonb_to_recordset(CAST(:moves AS jsonb)) "
    "AS m(id uuid, status text, block_id text, wake_at timestamptz, reason text, steps integer) WHERE e.id = m.id"
)
_STEP = text(
    "INSERT INTO enrollment_step (enrollment_id, number, journey_id, content_hash, block_id, decision, reason, at) "
    "SELECT s.id, s.number, :journey, s.version, s.block_id, s.decision, s.reason, :now "
    "FROM jsonb_to_recordset(CAST(:steps AS jsonb)) "
    "AS s(id uuid, number integer, version text, block_id text, decision text, reason text)"
)
# In one order, so that two slices that tally the same blocks wait for each other in one direction only.
_TALLY = text(
    "INSERT INTO journey_tally AS t (journey_id, block_id, decision, count) "
    "SELECT :journey, n.block_id, n.decision, n.count FROM unnest(CAST(:blocks AS text[]), "
    "CAST(:decisions AS text[]), CAST(:counts AS bigint[])) AS n(block_id, decision, count) "
    "ORDER BY n.block_id, n.decision "
    "ON CONFLICT (journey_id, block_id, decision) DO UPDATE SET count = t.count + excluded.count"
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
    await session.execute(_MOVE, {"moves": json.dumps([_move(one) for one in moved]), "now": now})
    steps = [step for one in moved for step in _steps(one)]
    if steps:
        await session.execute(_STEP, {"steps": json.dumps(steps), "journey": journey_id, "now": now})


async def tally_moves(session: AsyncSession, journey_id: str, moved: Sequence[Moved]) -> None:
    """To be the last that a transaction writes: others wait for these rows."""
    tally = Counter((step.block_id, step.outcome) for one in moved for step in one.walked.steps)
    if tally:
        await session.execute(
            _TALLY,
            {
                "journey": journey_id,
                "blocks": [block_id for block_id, _ in tally],
                "decisions": [decision for _, decision in tally],
                "counts": list(tally.values()),
            },
        )


async def put_off(session: AsyncSession, enrollments: Sequence[UUID], until: datetime) -> None:
    """Have people try their next step again later."""
    await session.execute(_PUT_OFF, {"ids": list(enrollments), "until": until})


def _move(one: Moved) -> dict[str, Any]:
    walked = one.walked
    return {
        "id": str(one.enrollment_id),
        "status": walked.status,
        "block_id": walked.block_id,
        "wake_at": None if walked.wake_at is None else walked.wake_at.isoformat(),
        "reason": walked.reason,
        "steps": len(walked.steps),
    }


def _steps(one: Moved) -> list[dict[str, Any]]:
    return [
        {
            "id": str(one.enrollment_id),
            "number": number,
            "version": one.content_hash,
            "block_id": step.block_id,
            "decision": step.decision,
            "reason": step.reason,
        }
        for number, step in enumerate(one.walked.steps, start=one.steps_before + 1)
    ]
