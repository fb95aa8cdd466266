"""One request to each operation on rules, in a program in which each has something to answer."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.api.rules_surface import RulesSurface
from tests.contract.seed_surface.seed import OMNISTREAM, Operation

Thing = dict[str, Any]

TYPE = "message.received"
PAYLOAD = {"type": TYPE, "text": "Where is my refund?"}
CONDITIONS = {"all": [{"field": "event.text", "operator": "contains", "value": "refund"}]}
ACTIONS = [{"type": "add_tag", "tag": "refund"}, {"type": "set_priority", "priority": "high"}]
ALWAYS = {"timezone": "Europe/Madrid"}
RULE: Thing = {
    "name": "Refunds first",
    "trigger_type": TYPE,
    "description": "They are urgent",
    "is_active": True,
    "conditions": CONDITIONS,
    "actions": ACTIONS,
    "alert_settings": {"min_matched_runs": 1},
    "schedule_settings": ALWAYS,
    "priority": 5,
    "rollout_percentage": 100,
    "stop_on_match": True,
    "cooldown_secs": 3_600,
}


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


def body_of(section: str) -> Thing:
    """With all fields of the section, but of such as exclude each other only the first or the richer ones."""
    bodies: dict[str, Thing] = {
        "create": RULE,
        "patch": RULE,
        "snooze": {"snoozed_until": tomorrow()},
        "alert_settings": {"preset": "balanced"},
        "schedule": {"schedule_settings": ALWAYS},
        "rollout": {"rollout_percentage": 50},
        "pause": {"is_paused": True, "pause_reason": "an incident", "paused_until": tomorrow()},
        "dry_run": {
            "event_payload": PAYLOAD,
            "trigger_type": TYPE,
            "conditions": CONDITIONS,
            "actions": [{"type": "emit_event", "event_type": "refund.asked"}],
        },
    }
    return bodies[section]


class RulesWalk:
    """A rule that has met two equal events of a conversation: it acted on the first, and its cooldown kept it from acting
    on the second. By now it is snoozed, and the program's rules are paused."""

    def __init__(self, surface: RulesSurface, ids: dict[str, str]) -> None:
        self._surface = surface
        self.ids = ids

    @classmethod
    async def prepared(cls, http: httpx.AsyncClient) -> "RulesWalk":
        surface = await RulesSurface.of_new_program(http)
        ids = {"conversation_id": await _conversation(surface, await surface.person())}
        ids["rule_id"] = (await surface.create(**RULE))["id"]
        first, second = [await _event(surface, ids["conversation_id"]) for _ in range(2)]
        ids |= {"event_id": first["id"], "payload_hash": first["payload_hash"]}
        ids["rule_run_id"] = await surface.run_on(first["id"])
        await surface.run_on(second["id"])
        await surface.post(f"/rules/{ids['rule_id']}/snooze", body_of("snooze"))
        await surface.patch("/control", body_of("pause"))
        return cls(surface, ids)

    async def call(self, operation: Operation) -> httpx.Response:
        """With each parameter of the seed, but the cursor, which excludes the page."""
        query = {name: self._parameters()[name] for name in operation.query if name != "cursor"}
        body = None if operation.body is None else body_of(operation.body)
        path = operation.path.format(**self.ids)
        return await self._surface.call(operation.method, path, params=query, json=body)

    def _parameters(self) -> dict[str, Any]:
        return self.ids | {
            "is_active": True,
            "trigger_type": TYPE,
            "window_days": 7,
            "bucket_days": 7,
            "min_matched_runs": 1,
            "failure_rate_threshold_pct": 12.5,
            "hours": 24,
            "start_at": "2026-12-01T09:00:00Z",
            "status": "processed",
            "event_type": TYPE,
            "source": "api",
            "matched": True,
            "executed": True,
            "created_from": "2020-01-01T00:00:00Z",
            "created_to": tomorrow(),
            "limit": 1,
            "page": 1,
            "per_page": 1,
            "sort_by": "created_at",
            "sort_order": "asc",
        }


def things_in(operation: Operation, answer: httpx.Response) -> list[Thing]:
    """What the answer tells: one, or a list, or the rows of a file."""
    assert operation.answer is not None
    if operation.answer.endswith(".csv"):
        return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))
    told = answer.json()
    return told if operation.answer.endswith("[]") else [told]


def named_values(section: str, thing: Thing) -> set[str]:
    """`section.field` of each field that has a value, also within the thing's own parts."""
    found: set[str] = set()
    for field in OMNISTREAM.fields_of(section).values():
        value = thing.get(field.name)
        if value is None:
            continue
        found.add(f"{section}.{field.name}")
        if field.of is not None:
            for inner in value if isinstance(value, list) else [value]:
                found |= named_values(field.of, inner)
    return found


async def _conversation(surface: RulesSurface, contact_id: str) -> str:
    answer = await surface.http.post(
        f"/v1/programs/{surface.program_id}/conversations",
        json={"contact_id": contact_id, "channel_source": "whatsapp"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _event(surface: RulesSurface, conversation_id: str) -> Thing:
    answer = await surface.http.post(
        "/v1/events",
        json={
            "program_id": surface.program_id,
            "conversation_id": conversation_id,
            "channel_source": "whatsapp",
            "event_data": PAYLOAD,
        },
    )
    assert answer.status_code == 202, answer.text
    event: Thing = answer.json()
    return event
