"""Rules, events and people for the tests of how rules are evaluated."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.expressions import RULE, compile_condition, necessary_comparisons
from domain.rules.actions import ACTIONS
from domain.rules.control import ControlState
from domain.rules.gating import Circumstances
from domain.rules.processing import EventFacts, Scene, Views
from domain.rules.rule import Rule

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOING = ControlState(is_paused=False, paused_until=None)
PROGRAM = uuid4()


def rule(*actions: dict[str, Any], condition: str | None = None, **fields: Any) -> Rule:
    compiled = None if condition is None else compile_condition(condition, RULE)
    made = Rule(
        id=uuid4(),
        program_id=PROGRAM,
        name="a rule",
        is_active=True,
        trigger_type="purchase",
        condition=compiled,
        necessary=() if compiled is None else necessary_comparisons(compiled),
        actions=ACTIONS.validate_python(actions),
        priority=0,
        rollout_percentage=100,
        stop_on_match=False,
        cooldown=timedelta(0),
        snoozed_until=None,
        schedule=None,
    )
    return replace(made, **fields)


def person(**fields: Any) -> dict[str, Any]:
    return {
        "id": uuid4(),
        "program_id": PROGRAM,
        "email": "ana@example.com",
        "locale": "es-MX",
        "status": "ACTIVE",
        "attributes": {},
        "counters": {},
        "tags": [],
        "tiers": {},
        "consent": {"email": "subscribed"},
    } | fields


def conversation(**fields: Any) -> dict[str, Any]:
    return {"id": uuid4(), "status": "open", "assignee": None, "priority": None, "labels": []} | fields


def event(
    participant: dict[str, Any] | None = None, about: dict[str, Any] | None = None, **fields: Any
) -> EventFacts:
    event_id = uuid4()
    participant_id = participant["id"] if participant else None
    conversation_id = about["id"] if about else None
    return EventFacts(
        **{
            "id": event_id,
            "program_id": PROGRAM,
            "type": "purchase",
            "source": "api",
            "data": {"type": "purchase", "amount": 42},
            "participant_id": participant_id,
            "conversation_id": conversation_id,
            "channel_source": None,
            "subject_id": participant_id or conversation_id or event_id,
            "chain": (),
            **fields,
        }
    )


def scene(*people: dict[str, Any], conversations: tuple[dict[str, Any], ...] = ()) -> Scene:
    return Scene({one["id"]: one for one in people}, {one["id"]: one for one in conversations})


def circumstances(**fields: Any) -> Circumstances:
    subject: UUID = fields.pop("subject", None) or uuid4()
    return Circumstances(
        **{"now": NOW, "subject": subject, "chain": (), "pause": GOING, "values": {}, **fields}
    )


def _values(participant: Any, about: Any, data: Any) -> dict[str, object]:
    values: dict[str, object] = {"now": NOW, "event": data}
    if participant is not None:
        values |= {f"participant.{name}": participant[name] for name in ("tags", "counters", "attributes")}
    if about is not None:
        values |= {f"conversation.{name}": about[name] for name in ("status", "labels")}
    return values


VIEWS = Views(_values, lambda row: {"first_name": "Ana", "tags": row["tags"]})
