"""What befalls everybody inside a journey at once. The caller has locked the journey, so that nobody moves meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.enrolling import ExitReason
from domain.journeys.resume_policy import ResumeMode, ResumePolicy
from store.tables.enrollment import INSIDE

_OF_JOURNEY = f"journey_id = :journey AND {INSIDE}"
# In the order of their ids, as whoever else locks several of them. Messages that have not left yet never will.
_EXIT = (
    "WITH leaving AS (SELECT id FROM enrollment WHERE {which} ORDER BY id FOR UPDATE), "
    "gone AS (UPDATE enrollment e SET status = 'exited', reason = :reason, wake_at = NULL, finished_at = :now "
    "FROM leaving WHERE e.id = leaving.id RETURNING e.id), "
    "unsent AS (UPDATE message SET status = 'cancelled', body = NULL, settled_at = :now FROM gone "
    "WHERE message.enrollment_id = gone.id AND message.status = 'queued') "
    "SELECT count(*) FROM gone"
)
_EXIT_ALL = text(_EXIT.format(which=_OF_JOURNEY))
_EXIT_OVERDUE = text(_EXIT.format(which=f"{_OF_JOURNEY} AND wake_at <= :now"))
_EXIT_AT = text(_EXIT.format(which=f"{_OF_JOURNEY} AND block_id = ANY(CAST(:blocks AS text[]))"))
# Whoever does not wait is due as they are: an event ended their wait meanwhile, or somebody moved them.
_SHIFT = text(
    f"WITH waiting AS (SELECT id FROM enrollment WHERE {_OF_JOURNEY} AND awaited_event_id IS NULL "  # noqa: S608
    "AND (waiting_since IS NOT NULL OR status = 'waiting_inactivity') ORDER BY id FOR UPDATE) "
    "UPDATE enrollment e SET wake_at = e.wake_at + :stood, entered_at = CASE "
    "WHEN e.status = 'waiting_inactivity' THEN e.entered_at + :stood ELSE e.entered_at END "
    "FROM waiting WHERE e.id = waiting.id"
)
_TRICKLE = text(
    f"WITH overdue AS (SELECT id FROM enrollment WHERE {_OF_JOURNEY} AND wake_at <= :now ORDER BY id FOR UPDATE), "  # noqa: S608
    "place AS (SELECT e.id, row_number() OVER (ORDER BY e.wake_at, e.id) - 1 AS number FROM enrollment e "
    "JOIN overdue USING (id)) "
    "UPDATE enrollment e SET wake_at = CAST(:now AS timestamptz) + place.number * CAST(:step AS interval) "
    "FROM place WHERE e.id = place.id"
)
_OVERDUE = text(
    "SELECT block_id, count(*) AS inside, count(*) FILTER (WHERE wake_at <= :now) AS overdue "  # noqa: S608
    f"FROM enrollment WHERE {_OF_JOURNEY} GROUP BY block_id ORDER BY block_id"
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How many people stand at a block, and how many of them have a step due. `block_id` None: not begun."""

    block_id: str | None
    inside: int
    overdue: int


async def exit_everyone(session: AsyncSession, journey_id: str, reason: ExitReason, now: datetime) -> int:
    """Have everybody leave; how many did. What was queued for them and has not left is cancelled."""
    gone = await session.execute(_EXIT_ALL, {"journey": journey_id, "reason": reason.value, "now": now})
    return int(gone.scalar_one())


async def exit_those_at(
    session: AsyncSession, journey_id: str, blocks: Sequence[str], reason: ExitReason, now: datetime
) -> None:
    """Have those leave who stand at these blocks."""
    await session.execute(
        _EXIT_AT, {"journey": journey_id, "blocks": list(blocks), "reason": reason.value, "now": now}
    )


async def resume_everyone(
    session: AsyncSession, journey_id: str, policy: ResumePolicy, stood_since: datetime, now: datetime
) -> None:
    """What a resume policy says of people who have stood still since then."""
    given = {"journey": journey_id, "now": now}
    match policy.mode:
        case ResumeMode.HOLD:
            return
        case ResumeMode.SHIFT:
            await session.execute(_SHIFT, {"journey": journey_id, "stood": now - stood_since})
        case ResumeMode.DROP:
            await session.execute(_EXIT_OVERDUE, given | {"reason": ExitReason.OVERDUE_AT_RESUME.value})
        case ResumeMode.TRICKLE:
            assert policy.per_minute is not None
            await session.execute(_TRICKLE, given | {"step": timedelta(minutes=1) / policy.per_minute})


async def standing_in(session: AsyncSession, journey_id: str, now: datetime) -> Sequence[Standing]:
    """Where people stand."""
    found = await session.execute(_OVERDUE, {"journey": journey_id, "now": now})
    return [Standing(row.block_id, row.inside, row.overdue) for row in found]
