"""What became of each occurrence of a schedule: fired, or skipped and why."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import and_, literal_column
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import AutomationStatus, TriggerType
from store.paging import Page, PageRequest, page_newest_first
from store.tables import Automation, FireReceipt


class ReceiptOutcome(StrEnum):
    FIRED = "fired"
    SKIPPED = "skipped"


async def record_fired(
    session: AsyncSession,
    automation_id: UUID,
    nominal_at: datetime,
    run_id: UUID,
    *,
    over: str | None = None,
) -> bool:
    """Note that an occurrence fires. False when it has been handled before.

    `over`: a receipt that skips it, for a reason that begins so, does not stand in the way.
    """
    statement = insert(FireReceipt).values(
        automation_id=automation_id, nominal_at=nominal_at, outcome=ReceiptOutcome.FIRED.value, run_id=run_id
    )
    if over is not None:
        statement = statement.on_conflict_do_update(
            index_elements=["automation_id", "nominal_at"],
            set_={name: statement.excluded[name] for name in ("outcome", "reason", "run_id", "recorded_at")},
            where=and_(
                col(FireReceipt.outcome) == ReceiptOutcome.SKIPPED.value,
                col(FireReceipt.reason).startswith(over, autoescape=True),
            ),
        )
    else:
        statement = statement.on_conflict_do_nothing()
    return (await session.execute(statement.returning(col(FireReceipt.nominal_at)))).first() is not None


async def record_skipped(session: AsyncSession, automation_id: UUID, reasons: Mapping[datetime, str]) -> None:
    """Note why occurrences do not fire, by nominal time. Those handled before keep their receipts."""
    if not reasons:
        return
    rows = [
        {
            "automation_id": automation_id,
            "nominal_at": nominal_at,
            "outcome": ReceiptOutcome.SKIPPED.value,
            "reason": reason,
        }
        for nominal_at, reason in reasons.items()
    ]
    await session.execute(insert(FireReceipt).values(rows).on_conflict_do_nothing())


async def handled_between(
    session: AsyncSession, automation_id: UUID, first: datetime, last: datetime
) -> set[datetime]:
    """Nominal times from `first` to `last`, both included, that have a receipt."""
    statement = select(FireReceipt.nominal_at).where(
        col(FireReceipt.automation_id) == automation_id, col(FireReceipt.nominal_at).between(first, last)
    )
    return set((await session.exec(statement)).all())


async def list_receipts(
    session: AsyncSession, automation_id: UUID, outcome: ReceiptOutcome | None, request: PageRequest
) -> Page[FireReceipt]:
    """Newest nominal time first."""
    statement = select(FireReceipt).where(col(FireReceipt.automation_id) == automation_id)
    if outcome is not None:
        statement = statement.where(col(FireReceipt.outcome) == outcome.value)
    return await page_newest_first(
        session, statement, FireReceipt.nominal_at, FireReceipt.automation_id, request
    )


async def overdue_automations(session: AsyncSession, due_before: datetime, limit: int) -> list[UUID]:
    """Active automations whose next fire was due before then, jitter apart, the longest overdue first."""
    jitter = col(Automation.jitter_seconds) * literal_column("interval '1 second'")
    statement = (
        select(Automation.id)
        .where(
            col(Automation.status) == AutomationStatus.ACTIVE.value,
            col(Automation.trigger_type) == TriggerType.CRON.value,
            col(Automation.next_run_at) < due_before,
            col(Automation.next_run_at) + jitter < due_before,
        )
        .order_by(col(Automation.next_run_at))
        .limit(limit)
    )
    return list((await session.exec(statement)).all())
