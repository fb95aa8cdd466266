"""Where the people of other versions of a journey stand, and moving them to one. The journey is locked."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.enrolling import ExitReason
from domain.journeys.publishing import Impact, Outcome, Standing
from domain.journeys.stepping import Decision
from store.journey_crowds import exit_those_at
from store.tables.enrollment import INSIDE

_IN_OTHERS = f"journey_id = :journey AND {INSIDE} AND content_hash <> :version"
_STANDING = text(
    "SELECT content_hash, block_id, count(*) AS people FROM enrollment "  # noqa: S608
    f"WHERE {_IN_OTHERS} GROUP BY content_hash, block_id ORDER BY content_hash, block_id NULLS FIRST"
)
# In the order of their ids, as whoever else locks several of them.
_FOLLOW = text(
    f"WITH inside AS (SELECT id FROM enrollment WHERE {_IN_OTHERS} "  # noqa: S608
    "AND (block_id IS NULL OR block_id = ANY(CAST(:blocks AS text[]))) ORDER BY id FOR UPDATE) "
    "UPDATE enrollment e SET content_hash = :version FROM inside WHERE e.id = inside.id"
)
_MOVE = text(
    "WITH move AS (SELECT * FROM unnest(CAST(:blocks AS text[]), CAST(:targets AS text[])) AS m(block_id, target)), "  # noqa: S608
    f"inside AS (SELECT e.id, block_id AS stood, move.target FROM enrollment e JOIN move USING (block_id) WHERE {_IN_OTHERS} "
    "ORDER BY e.id FOR UPDATE OF e), "
    "moved AS (UPDATE enrollment e SET content_hash = :version, block_id = inside.target, waiting_since = NULL, "
    "awaited_event_id = NULL, wake_at = :now, steps = e.steps + 1 FROM inside WHERE e.id = inside.id "
    "RETURNING e.id, e.steps, inside.stood, inside.target) "
    "INSERT INTO enrollment_step (enrollment_id, number, journey_id, content_hash, block_id, decision, reason, at) "
    "SELECT id, steps, :journey, :version, target, :decision, 'from ' || stood, :now FROM moved"
)


async def standing_in_other_versions(
    session: AsyncSession, journey_id: str, content_hash: str
) -> list[Standing]:
    found = await session.execute(_STANDING, {"journey": journey_id, "version": content_hash})
    return [Standing(row.content_hash, row.block_id, row.people) for row in found]


async def carry_out(
    session: AsyncSession, journey_id: str, content_hash: str, impacts: Sequence[Impact], now: datetime
) -> None:
    """Have people follow, move and leave."""
    given = {"journey": journey_id, "version": content_hash}
    leaving = _blocks(impacts, Outcome.LEAVES)
    if leaving:
        await exit_those_at(session, journey_id, leaving, ExitReason.BLOCK_GONE, now)
    moves = {
        each.standing.block_id: each.to
        for each in impacts
        if each.outcome is Outcome.MOVES and each.standing.block_id is not None
    }
    if moves:
        await session.execute(
            _MOVE,
            given
            | {
                "blocks": list(moves),
                "targets": list(moves.values()),
                "decision": Decision.MIGRATED.value,
                "now": now,
            },
        )
    if any(each.outcome is Outcome.FOLLOWS for each in impacts):
        await session.execute(_FOLLOW, given | {"blocks": _blocks(impacts, Outcome.FOLLOWS)})


def _blocks(impacts: Sequence[Impact], outcome: Outcome) -> list[str]:
    named = {each.standing.block_id for each in impacts if each.outcome is outcome}
    return sorted(block_id for block_id in named if block_id is not None)
