"""The pump in the test's own process, and what it is fed with."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from temporalio.testing import ActivityEnvironment

from activities import Resources
from activities.event_pump import EventPumpActivities
from domain.events import SHARDS
from runtime.settings import Settings
from store.database import Database
from store.tables import AutomationRule, Event, Participant

PAST = timedelta(seconds=1)


def activities_of(database: Database, pumps: int = 1) -> EventPumpActivities:
    url = database.engine.url.render_as_string(hide_password=False)
    made = Settings(database_url=url, event_pumps=pumps)
    return EventPumpActivities(Resources(made, database, None, {}, None))  # type: ignore[arg-type]


async def drain(database: Database) -> None:
    """Process all that is due, in the test's own process."""
    activities = activities_of(database)
    environment = ActivityEnvironment()
    while await environment.run(activities._process_batch, range(SHARDS)):
        pass


async def add_rule(database: Database, program_id: UUID, *actions: dict[str, Any], **fields: Any) -> UUID:
    rule = AutomationRule(
        **{
            "program_id": program_id,
            "name": f"rule {uuid4()}",
            "trigger_type": "purchase",
            "actions": list(actions),
            "created_by": "ana",
            "updated_by": "ana",
            **fields,
        }
    )
    async with database.transaction() as session:
        session.add(rule)
    return rule.id


async def add_person(database: Database, program_id: UUID, **fields: Any) -> UUID:
    person = Participant(program_id=program_id, external_id=str(uuid4()), **fields)
    async with database.transaction() as session:
        session.add(person)
    return person.id


async def add_event(database: Database, program_id: UUID, **fields: Any) -> UUID:
    event = Event(
        **{
            "program_id": program_id,
            "kind": "EXTERNAL",
            "type": "purchase",
            "event_data": {"type": "purchase"},
            "payload_hash": "",
            "source": "api",
            "available_at": datetime.now(UTC) - PAST,
            **fields,
        }
    )
    async with database.transaction() as session:
        session.add(event)
    return event.id
