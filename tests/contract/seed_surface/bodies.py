"""Requests that make an automation of each pair, none of which fires by itself during the tests."""

from typing import Any

from tests.contract.seed_surface.automations import Pair
from tests.fixtures.carillon import FAR_FROM_NOW, Carillon

FAR_AHEAD = "2099-01-01T00:00:00Z"
TRIGGERS: dict[str, dict[str, Any]] = {
    "cron": {"type": "cron", "cron_expression": FAR_FROM_NOW, "timezone": "Europe/Madrid"},
    "one_time": {"type": "one_time", "trigger_at": FAR_AHEAD},
    "immediate": {"type": "immediate"},
    "participant_state": {
        "type": "participant_state",
        "schedule_type": "CRON",
        "schedule_config": {"cron_expression": FAR_FROM_NOW},
    },
}
OF_PARTICIPANTS: dict[str, Any] = {
    "participant_filter": '!("staff" in participant.tags)',
    "guard_condition": "participant.status == 'ACTIVE'",
    "filter_hints": [{"type": "has_tag", "key": "staff"}],
}


async def create(carillon: Carillon, pair: Pair, **fields: Any) -> dict[str, Any]:
    """An automation of the pair, with every optional field that it takes."""
    body = {
        "description": "Every field",
        "payload": {"edition": 7},
        "scope": pair.scope,
        "trigger": TRIGGERS[pair.trigger_type],
    }
    if pair.scope == "participants":
        body |= OF_PARTICIPANTS
    if (pair.trigger_type, pair.scope) == ("one_time", "program"):
        (body["participant_id"],) = await carillon.add_people(1)
    return await carillon.create(**body | fields)
