"""Events, and what rules made of them, of any age: for the tests of what is forgotten."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import SQLModel, col, delete, select

from store.database import Database
from store.tables import AutomationRule, Event, EventType, RuleCooldown, RuleRun, RuleRunTally


async def empty(database: Database) -> None:
    """Take away what other tests left."""
    async with database.transaction() as session:
        for table in (Event, RuleRun, RuleRunTally, RuleCooldown, EventType, AutomationRule):
            await session.execute(delete(table))


def event(program_id: UUID, status: str, created_at: datetime) -> Event:
    return Event(
        program_id=program_id,
        kind="EXTERNAL",
        type="t",
        event_data={"type": "t"},
        payload_hash="",
        source="api",
        status=status,
        created_at=created_at,
    )


def rule_run(program_id: UUID, created_at: datetime) -> RuleRun:
    return RuleRun(
        id=uuid4(),
        program_id=program_id,
        event_id=uuid4(),
        rule_id=uuid4(),
        rule_name="r",
        event_type="t",
        event_source="api",
        matched=False,
        executed=False,
        created_at=created_at,
    )


async def add(database: Database, *rows: SQLModel) -> None:
    async with database.transaction() as session:
        session.add_all(rows)


async def left(database: Database, column: Any) -> set[Any]:
    async with database.transaction() as session:
        return set(await session.exec(select(col(column))))
