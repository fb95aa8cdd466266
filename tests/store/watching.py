"""Participant_state automations, people and their subscriptions, for the tests of subscriptions."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from domain.automation import ScheduleType
from domain.participant_state import Standing
from store.database import Database
from store.paging import PageRequest
from store.programs import get_program
from store.subscription_follow import ParticipantChange, follow_participants, refresh_subscriptions_page
from store.subscription_rows import COLUMNS, standing_of
from store.subscriptions import list_subscriptions
from store.tables import Automation, Participant, Subscription

DAILY = {"schedule_type": ScheduleType.CRON.value, "schedule_config": {"cron_expression": "0 9 * * *"}}
BIRTHDAY = {
    "schedule_type": ScheduleType.ATTRIBUTE_DATE.value,
    "schedule_config": {"attribute": "birthday"},
}
SPENDING = {
    "schedule_type": ScheduleType.THRESHOLD.value,
    "schedule_config": {"counter": "spend", "value": 1000},
}


def at(value: str) -> datetime:
    return datetime.fromisoformat(value)


NOON = at("2026-06-01T12:00Z")


async def add_watching(database: Database, program_id: UUID, **fields: Any) -> UUID:
    automation = Automation(
        **{
            "id": uuid4(),
            "program_id": program_id,
            "name": f"a-{uuid4()}",
            "event_name": "e",
            "trigger_type": "participant_state",
            "scope": "participants",
        }
        | DAILY
        | fields
    )
    async with database.transaction() as session:
        session.add(automation)
    return automation.id


async def add_people(database: Database, program_id: UUID, *people: dict[str, Any]) -> list[UUID]:
    """Participants with ascending ids, in the order given."""
    base = uuid4().int >> 32 << 32
    rows = [
        Participant(id=UUID(int=base + number), program_id=program_id, external_id=str(uuid4()), **fields)
        for number, fields in enumerate(people)
    ]
    async with database.transaction() as session:
        session.add_all(rows)
    return [row.id for row in rows]


async def change_person(
    database: Database, participant_id: UUID, now: datetime = NOON, **fields: Any
) -> set[UUID]:
    """Change a participant as the API does; answers the automations to wake."""
    async with database.transaction() as session:
        person = await session.get_one(Participant, participant_id, with_for_update=True)
        before = person.model_dump()
        for name, value in fields.items():
            setattr(person, name, value)
        await session.flush()
        program = await get_program(session, person.program_id)
        assert program is not None
        return await follow_participants(
            session, program, [ParticipantChange(before, person.model_dump())], now
        )


async def change_automation(database: Database, automation_id: UUID, **fields: Any) -> None:
    async with database.transaction() as session:
        automation = await session.get_one(Automation, automation_id)
        for name, value in fields.items():
            setattr(automation, name, value)


async def refresh(
    database: Database, automation_id: UUID, now: datetime = NOON, *, rebase: bool = False, limit: int = 3
) -> tuple[int, int, int]:
    """A whole refresh: how many were looked at, subscribed and cancelled."""
    pages, after = [], None
    while not pages or after is not None:
        page = await refresh_subscriptions_page(database, automation_id, after, limit, now, rebase)
        pages.append(page)
        after = page.last
    return (
        sum(page.looked_at for page in pages),
        sum(page.subscribed for page in pages),
        sum(page.cancelled for page in pages),
    )


async def standings(database: Database, automation_id: UUID) -> dict[UUID, Standing]:
    """Of all participants, cancelled ones too."""
    async with database.transaction() as session:
        rows = await session.execute(
            text(f"SELECT {COLUMNS} FROM subscription s WHERE s.automation_id = :id"),  # noqa: S608
            {"id": automation_id},
        )
        return {row["participant_id"]: standing_of(row) for row in rows.mappings()}


async def listed(database: Database, automation_id: UUID, status: str | None = None) -> list[Subscription]:
    async with database.transaction() as session:
        return (await list_subscriptions(session, automation_id, status, PageRequest(limit=50))).rows
