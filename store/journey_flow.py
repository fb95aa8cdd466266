"""What goes on inside a journey: who stands where, what was decided at each block, and each person's path."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.enrolling import EnrollmentStatus
from store.paging import Page, PageRequest, page_newest_first
from store.tables import Enrollment, EnrollmentStep

_STATUSES = text(
    "SELECT status, count(*) AS passes, count(goal_at) AS converted FROM enrollment "
    "WHERE journey_id = :journey GROUP BY status"
)
_LEFT = text(
    "SELECT block_id, count(*) AS people FROM enrollment "
    "WHERE journey_id = :journey AND status IN ('exited', 'cancelled') GROUP BY block_id"
)
_TALLIES = text("SELECT block_id, decision, count FROM journey_tally WHERE journey_id = :journey")


@dataclass(frozen=True, slots=True)
class Flow:
    """`statuses`: passes by status. `left`: by the block where people left before the end, None before the first one.
    `decisions`: how often what was decided, by block."""

    statuses: Mapping[EnrollmentStatus, int]
    converted: int
    left: Mapping[str | None, int]
    decisions: Mapping[str, Mapping[str, int]]


async def flow_of(session: AsyncSession, journey_id: str) -> Flow:
    given = {"journey": journey_id}
    statuses = (await session.execute(_STATUSES, given)).all()
    left = (await session.execute(_LEFT, given)).all()
    decisions: dict[str, dict[str, int]] = {}
    for block_id, decision, count in await session.execute(_TALLIES, given):
        decisions.setdefault(block_id, {})[decision] = count
    return Flow(
        {EnrollmentStatus(row.status): row.passes for row in statuses},
        sum(row.converted for row in statuses),
        {row.block_id: row.people for row in left},
        decisions,
    )


async def list_enrollments(
    session: AsyncSession,
    journey_id: str,
    status: EnrollmentStatus | None,
    participant_id: UUID | None,
    request: PageRequest,
) -> Page[Enrollment]:
    """Who entered last, first. Raises InvalidCursorError."""
    statement = select(Enrollment).where(col(Enrollment.journey_id) == journey_id)
    if status is not None:
        statement = statement.where(col(Enrollment.status) == status.value)
    if participant_id is not None:
        statement = statement.where(col(Enrollment.participant_id) == participant_id)
    return await page_newest_first(session, statement, Enrollment.entered_at, Enrollment.id, request)


async def get_enrollment(session: AsyncSession, journey_id: str, enrollment_id: UUID) -> Enrollment | None:
    found = await session.get(Enrollment, enrollment_id)
    return found if found is not None and found.journey_id == journey_id else None


async def steps_of(session: AsyncSession, enrollment_id: UUID) -> Sequence[EnrollmentStep]:
    """In the order in which they were taken."""
    statement = select(EnrollmentStep).where(col(EnrollmentStep.enrollment_id) == enrollment_id)
    return (await session.exec(statement.order_by(col(EnrollmentStep.number)))).all()
