"""Who is in which journey, and was: as the gates of journeys and events ask for it."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.enrolling import EnrollmentStatus
from domain.journeys.entering import Passage
from domain.journeys.intake import JourneyScene, Pass
from store.tables.enrollment import INSIDE

_CURRENT = text(
    "SELECT entry_key, journey_id, content_hash, participant_id, entered_at, status, steps, block_id, "  # noqa: S608
    f"awaited_event_id FROM enrollment WHERE {INSIDE} AND participant_id = ANY(CAST(:people AS uuid[])) "
    "AND journey_id = ANY(CAST(:journeys AS text[])) ORDER BY id FOR NO KEY UPDATE"
)
_PAST = text(
    "SELECT journey_id, participant_id, max(entered_at) AS entered_at, max(finished_at) AS left_at "
    "FROM enrollment WHERE finished_at IS NOT NULL AND steps > 0 AND participant_id = ANY(CAST(:people AS uuid[])) "
    "AND journey_id = ANY(CAST(:journeys AS text[])) GROUP BY journey_id, participant_id"
)


async def load_scene(
    session: AsyncSession,
    participant_ids: Collection[UUID],
    current: Collection[str],
    past: Collection[str],
) -> JourneyScene:
    """These people in the journeys `current`, where they stay as they are until the transaction ends; and when they
    were in the journeys `past`. The caller has locked the people."""
    scene = JourneyScene()
    people = list(participant_ids)
    if people and current:
        found = await session.execute(_CURRENT, {"people": people, "journeys": list(current)})
        for row in found:
            scene.inside.setdefault(row.participant_id, []).append(
                Pass(
                    entry_key=row.entry_key,
                    version=(row.journey_id, row.content_hash),
                    participant_id=row.participant_id,
                    entered_at=row.entered_at,
                    is_waiting=row.status == EnrollmentStatus.WAITING_INACTIVITY,
                    has_begun=row.steps > 0,
                    block_id=row.block_id,
                    has_waited=row.awaited_event_id is not None,
                )
            )
    if people and past:
        found = await session.execute(_PAST, {"people": people, "journeys": list(past)})
        for row in found:
            passage = Passage(row.entered_at, False, row.left_at)
            scene.past.setdefault(row.participant_id, {})[row.journey_id] = passage
    return scene
