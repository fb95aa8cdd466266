"""Participant_state automations whose workflow has to be told something: it was not there when it happened."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession


async def request_due_refreshes(session: AsyncSession, evaluated_before: datetime, now: datetime) -> None:
    """Ask for a refresh of every active automation that was last evaluated before `evaluated_before`."""
    await session.execute(
        text(
            "UPDATE automation SET refresh_requested_at = :now "
            "WHERE trigger_type = 'participant_state' AND status = 'active' AND last_evaluated_at < :before "
            "AND (refresh_requested_at IS NULL OR refresh_requested_at <= last_evaluated_at)"
        ),
        {"now": now, "before": evaluated_before},
    )


async def awaiting_refresh(session: AsyncSession, program_id: UUID) -> set[UUID]:
    """Active automations of a program whose subscriptions are to be evaluated anew."""
    found = await session.execute(
        text(
            "SELECT id FROM automation WHERE program_id = :program AND trigger_type = 'participant_state' "
            "AND status = 'active' "
            "AND (last_evaluated_at IS NULL OR refresh_requested_at > last_evaluated_at)"
        ),
        {"program": program_id},
    )
    return {row[0] for row in found}


async def unattended_automations(session: AsyncSession, since: datetime) -> list[UUID]:
    """Active ones that have waited since before `since` for a refresh, or for the run of a due subscription."""
    found = await session.execute(
        text(
            "SELECT a.id FROM automation a "
            "WHERE a.trigger_type = 'participant_state' AND a.status = 'active' AND ("
            "(a.refresh_requested_at < :since AND "
            " (a.last_evaluated_at IS NULL OR a.refresh_requested_at > a.last_evaluated_at)) "
            "OR (a.execution_status NOT IN ('pending', 'executing') AND EXISTS ("
            " SELECT 1 FROM subscription s WHERE s.automation_id = a.id AND s.status = 'active' "
            " AND s.next_trigger_at < :since)))"
        ),
        {"since": since},
    )
    return [row[0] for row in found]
