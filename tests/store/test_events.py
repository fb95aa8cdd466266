"""Events that automations make: queued where a rule listens, complete at once where none does."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from domain.automation import Definition, Scope, TriggerType
from domain.events import EventStatus
from store.database import Database
from store.event_types import get_event_type
from store.events import generate_participant_events, generate_program_event, report_stopped_automation
from store.tables import Automation, AutomationRun, Event
from tests.store.listening import listen_to
from tests.store.records import add_run

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DIGEST = Definition(
    name="a digest",
    event_name="digest",
    payload={"week": 23, "of": {"year": 2026}},
    scope=Scope.PARTICIPANTS,
    trigger_type=TriggerType.IMMEDIATE,
)


async def made(database: Database, program_id: UUID) -> list[Event]:
    """The events of all three kinds that a run with two people leaves."""
    run_id = await add_run(database, program_id, people=2, error="the guard is broken", completed_at=NOON)
    async with database.transaction() as session:
        run = await session.get_one(AutomationRun, run_id)
        automation = await session.get_one(Automation, run.automation_id)
        event_id = await generate_program_event(session, run, DIGEST, NOON)
        await generate_participant_events(session, run, DIGEST, [0, 1], NOON)
        await report_stopped_automation(session, automation, run)
    statement = select(Event).where(col(Event.run_id) == run_id).order_by(col(Event.seq))
    async with database.transaction() as session:
        events = list((await session.exec(statement)).all())
    assert events[0].id == event_id
    return events


def shown(events: list[Event]) -> set[tuple[Any, ...]]:
    return {(one.type, one.status, one.processed_at) for one in events}


async def test_what_no_rule_listens_to_is_complete_at_once(database: Database, program_id: UUID) -> None:
    await listen_to(database, program_id, "digest", is_active=False)
    events = await made(database, program_id)
    assert [one.participant_id is None for one in events] == [True, False, False, True]
    assert shown(events) == {("digest", "COMPLETED", NOON), ("automation.stopped", "COMPLETED", NOON)}
    assert events[0].event_data == {"type": "digest", "week": 23, "of": {"year": 2026}}
    assert {one.payload_hash for one in events[:3]} == {events[0].payload_hash}


@pytest.mark.parametrize("heard", ["digest", "automation.stopped"])
async def test_what_a_rule_listens_to_waits_for_it(database: Database, program_id: UUID, heard: str) -> None:
    await listen_to(database, program_id, heard)
    for event in await made(database, program_id):
        waits = event.type == heard
        assert event.status == (EventStatus.RECEIVED if waits else EventStatus.COMPLETED)
        assert event.processed_at == (None if waits else NOON)


async def test_the_catalogue_learns_of_them(database: Database, program_id: UUID) -> None:
    await made(database, program_id)
    async with database.transaction() as session:
        digest = await get_event_type(session, program_id, "digest")
        stopped = await get_event_type(session, program_id, "automation.stopped")
    assert digest is not None and stopped is not None
    assert digest.properties == {"type": "string", "week": "number", "of": "object", "of.year": "number"}
    assert digest.sources == stopped.sources == ["automation"]
    assert stopped.properties["consecutive_failures"] == "number"
