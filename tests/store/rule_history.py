"""Events and what rules made of them, written straight into the record."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.canonical_json import fingerprint
from domain.rules.rule import Gate
from store.database import Database
from store.tables import AutomationRule, Event, RuleRun

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def add_event(database: Database, program_id: UUID, minute: float = 0, **fields: Any) -> Event:
    """One that is done, of the type `purchase`, received so many minutes after noon."""
    at = NOON + timedelta(minutes=minute)
    kind = fields.pop("type", "purchase")
    data = fields.pop("event_data", {"type": kind, "amount": minute})
    values: dict[str, Any] = {
        "kind": "EXTERNAL",
        "source": "api",
        "status": "COMPLETED",
        "event_timestamp": at,
        "created_at": at,
        "available_at": at,
        "payload_hash": fingerprint(data),
    }
    event = Event(id=uuid4(), program_id=program_id, type=kind, event_data=data, **values | fields)
    async with database.transaction() as session:
        session.add(event)
    return event


async def add_rule_run(database: Database, event: Event, minute: float = 0, **fields: Any) -> RuleRun:
    """A run on the event, which acted unless `stopped_by` says otherwise."""
    stopped_by: Gate | None = fields.pop("stopped_by", None)
    gates = list(Gate)
    matched = stopped_by is None or gates.index(stopped_by) > gates.index(Gate.CONDITIONS)
    values: dict[str, Any] = {
        "rule_id": uuid4(),
        "rule_name": "A rule",
        "matched": matched,
        "executed": stopped_by is None,
        "stopped_by": None if stopped_by is None else stopped_by.value,
        "created_at": NOON + timedelta(minutes=minute),
    }
    run = RuleRun(
        program_id=event.program_id,
        event_id=event.id,
        event_type=event.type,
        event_source=event.source,
        conversation_id=event.conversation_id,
        contact_id=event.participant_id,
        channel_source=event.channel_source,
        **values | fields,
    )
    async with database.transaction() as session:
        session.add(run)
        await session.flush()
        await session.refresh(run)
    return run


async def add_rule(database: Database, program_id: UUID, **fields: Any) -> AutomationRule:
    """Without other words it reacts to every purchase, and was last changed before noon."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "name": "A rule",
        "trigger_type": "purchase",
        "created_by": "somebody",
        "updated_by": "somebody",
        "created_at": NOON - timedelta(days=1),
        "updated_at": NOON - timedelta(days=1),
    }
    rule = AutomationRule(program_id=program_id, **values | fields)
    async with database.transaction() as session:
        session.add(rule)
    return rule
