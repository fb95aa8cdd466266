"""Requests for rules that must be refused, each with the field that the answer names."""

import json
from typing import Any
from uuid import uuid4

from tests.api.bad_automations import Bad, raw

GOOD: dict[str, Any] = {"name": "unwanted", "trigger_type": "purchase"}
AMOUNT: dict[str, Any] = {"field": "event.amount", "operator": "gte", "value": 100}
TAG = {"type": "add_tag", "tag": "x"}
MAIL = {"type": "send_message", "channel": "email", "subject": "Hello", "body": "A coffee on us."}
MANY = 100_000


def rule(what: str, field: str, **fields: Any) -> Bad:
    return Bad(what, json.dumps(GOOD | fields).encode(), field)


def without(name: str) -> Bad:
    return Bad(
        f"no {name}", json.dumps({key: value for key, value in GOOD.items() if key != name}).encode(), name
    )


def with_part(text: str) -> bytes:
    """A good request with one more member, in JSON text as it is."""
    return f"{json.dumps(GOOD)[:-1]}, {text}}}".encode()


def condition(what: str, place: str, /, **fields: Any) -> Bad:
    return rule(f"condition {what}", f"conditions.all.0{place}", conditions={"all": [AMOUNT | fields]})


def action(what: str, place: str, /, **fields: Any) -> Bad:
    return rule(f"action {what}", f"actions.1.{place}", actions=[TAG, fields])


DEEP_GROUPS = '{"all": [' * 50_000 + "]}" * 50_000
DEEP_OBJECTS = '{"a": ' * MANY + "1" + "}" * MANY

UNREADABLE = [
    Bad("cut off", raw('{"name": '), "body"),
    Bad("single quotes", raw("{'name': 'x'}"), "body"),
    Bad("empty", b"", "body"),
    Bad("not UTF-8", b'{"name": "\xff\xfe"}', "body"),
    Bad("a list", raw("[]"), "body"),
    Bad("null", raw("null"), "body"),
    Bad("a text", raw('"x"'), "body"),
    Bad("brackets without end", b"[" * MANY, "body"),
    Bad("an integer of 4500 digits", with_part(f'"priority": {"9" * 4_500}'), "body"),
    Bad("half a surrogate pair in a key", with_part('"\\ud800": 1'), "body"),
    Bad("conditions 50000 groups deep", with_part('"conditions": ' + DEEP_GROUPS), "body"),
    Bad("actions 100000 objects deep", with_part('"actions": ' + DEEP_OBJECTS), "body"),
]

SHAPES = [
    without("name"),
    without("trigger_type"),
    rule("name empty", "name", name=""),
    rule("name too long", "name", name="x" * 256),
    rule("name a number", "name", name=3),
    rule("name null", "name", name=None),
    rule("name with NUL", "name", name="a\0b"),
    rule("name with half a surrogate pair", "name", name="\ud800"),
    rule("trigger_type empty", "trigger_type", trigger_type=""),
    rule("trigger_type null", "trigger_type", trigger_type=None),
    rule("trigger_type a list", "trigger_type", trigger_type=["purchase"]),
    rule("trigger_type an object", "trigger_type", trigger_type={"type": "cron"}),
    rule("trigger_type with NUL", "trigger_type", trigger_type="\0"),
    rule("trigger", "trigger", trigger={"type": "cron"}),
    rule("description too long", "description", description="x" * 8_193),
    rule("description with NUL", "description", description="\0"),
    rule("is_active text", "is_active", is_active="true"),
    rule("is_active one", "is_active", is_active=1),
    rule("is_active null", "is_active", is_active=None),
    rule("priority too small", "priority", priority=-1_000_001),
    rule("priority too large", "priority", priority=1_000_001),
    rule("priority huge", "priority", priority=10**300),
    rule("priority a fraction", "priority", priority=1.5),
    rule("priority true", "priority", priority=True),
    rule("priority NaN", "priority", priority=float("nan")),
    rule("rollout_percentage negative", "rollout_percentage", rollout_percentage=-1),
    rule("rollout_percentage beyond 100", "rollout_percentage", rollout_percentage=101),
    rule("rollout_percentage a fraction", "rollout_percentage", rollout_percentage=0.5),
    rule("rollout_percentage text", "rollout_percentage", rollout_percentage="50"),
    rule("stop_on_match a word", "stop_on_match", stop_on_match="yes"),
    rule("cooldown_secs negative", "cooldown_secs", cooldown_secs=-1),
    rule("cooldown_secs beyond a year", "cooldown_secs", cooldown_secs=31_536_001),
    rule("cooldown_secs Infinity", "cooldown_secs", cooldown_secs=float("inf")),
    rule("unknown field", "colour", colour="red"),
    rule("id", "id", id=str(uuid4())),
    rule("snoozed_until", "snoozed_until", snoozed_until="2030-01-01T00:00:00Z"),
    rule("created_by", "created_by", created_by="ana"),
    rule("condition_expression", "condition_expression", condition_expression="true"),
]

CONDITIONS = [
    rule("conditions a number", "conditions", conditions=5),
    rule("conditions true", "conditions", conditions=True),
    rule("conditions a list", "conditions", conditions=[AMOUNT]),
    rule("conditions a list of 100000", "conditions", conditions=[1] * MANY),
    rule("conditions of another kind", "conditions.none", conditions={"none": []}),
    rule("conditions all no list", "conditions.all", conditions={"all": AMOUNT}),
    rule("conditions of 51", "conditions", conditions={"all": [AMOUNT] * 50, "any": [AMOUNT]}),
    rule("conditions of 100000", "conditions.all", conditions={"all": [AMOUNT] * 9_000}),
    rule(
        "conditions 6 groups deep",
        "conditions.all.0.all.0.all.0.all.0.all.0",
        conditions={"all": [{"all": [{"all": [{"all": [{"all": [{"all": [AMOUNT]}]}]}]}]}]},
    ),
    condition("without operator", ".operator", operator=None),
    condition("operator unknown", ".operator", operator="is"),
    condition("field unknown", ".field", field="customer.name"),
    condition("field empty", ".field", field=""),
    condition("field too many steps", ".field", field="event" + ".a" * 9),
    condition("field with NUL", ".field", field="event.\0"),
    condition("value of the wrong type", ".value", value="ten"),
    condition("value an object", ".value", value={}),
    condition("value null", ".value", value=None),
    condition("value beyond 64 bits", ".value", value=2**64),
    condition("value with half a surrogate pair", ".value", operator="eq", value="\ud800"),
    condition("time out of range", ".value", field="participant.created_at", value="0000-01-01T00:00:00Z"),
    condition("unknown part", ".colour", colour="red"),
    rule("expression that is none", "conditions", conditions="event.amount >="),
    rule("expression of blanks", "conditions", conditions="   "),
    rule("expression that is no truth", "conditions", conditions="event.amount + 1"),
    rule("expression with an unknown name", "conditions", conditions="customer.name == 'x'"),
    rule("expression with an unknown function", "conditions", conditions="event.amount.abs() > 1"),
    rule("expression too long", "conditions", conditions="true || " * 400 + "true"),
    rule("expression of 200000 characters", "conditions", conditions="x" * 200_000),
    rule("expression too deep", "conditions", conditions="(" * 900 + "true" + ")" * 900),
    rule("expression with NUL", "conditions", conditions="event.a == '\0'"),
    rule("expression with half a surrogate pair", "conditions", conditions="event.a == '\ud800'"),
]

ACTIONS = [
    rule("actions null", "actions", actions=None),
    rule("actions an object", "actions", actions=TAG),
    rule("actions of 21", "actions", actions=[TAG] * 21),
    rule("actions of 100000", "actions", actions=[1] * MANY),
    action("without type", "type", tag="x"),
    action("type unknown", "type", type="explode"),
    action("type a number", "type", type=1),
    action("type null", "type", type=None),
    action("unknown part", "colour", **TAG, colour="red"),
    action("tag empty", "tag", type="add_tag", tag=""),
    action("tag missing", "tag", type="add_tag"),
    action("tag with NUL", "tag", type="add_tag", tag="\0"),
    action("template that is none", "body", **MAIL | {"body": "{% if %}"}),
    action("template filter unknown", "subject", **MAIL | {"subject": "{{ a | nope }}"}),
    action("template too long", "body", **MAIL | {"body": "x" * 65_537}),
    action("channel unknown", "channel", **MAIL | {"channel": "pigeon"}),
    action("webhook no UUID", "webhook_id", type="send_webhook", webhook_id="mine"),
    action("webhook unknown", "webhook_id", type="send_webhook", webhook_id=str(uuid4())),
    action("journey no id", "journey_id", type="enroll_journey", journey_id="mine"),
    action("journey unknown", "journey_id", type="enroll_journey", journey_id="0" * 24),
    action("journey to leave unknown", "journey_id", type="exit_journey", journey_id="0" * 24),
    action("counter of text", "add", type="counter", name="a", add="1"),
    action("counter beyond 64 bits", "add", type="counter", name="a", add=2**63),
    action("counter NaN", "add", type="counter", name="a", add=float("nan")),
    action("status unknown", "status", type="set_status", status="asleep"),
    action("delay zero", "delay_seconds", type="schedule_event", event_name="e", delay_seconds=0),
    action("delay of years", "delay_seconds", type="schedule_event", event_name="e", delay_seconds=10**12),
    action("payload a list", "payload", type="broadcast", event_name="e", payload=[]),
    action("payload of 100000", "payload.a", type="broadcast", event_name="e", payload={"a": [0] * MANY}),
    action("payload NaN", "event_data.a", type="emit_event", event_type="e", event_data={"a": float("nan")}),
    action("payload NUL in a key", "event_data", type="emit_event", event_type="e", event_data={"\0": 1}),
    action("filter that is none", "participant_filter", type="broadcast", event_name="e", participant_filter="1 +"),
    action("guard on an event", "guard_condition", type="broadcast", event_name="e", guard_condition="event.a > 1"),
]  # fmt: skip

SETTINGS = [
    rule("alert settings a list", "alert_settings", alert_settings=[]),
    rule("alert settings unknown part", "alert_settings.colour", alert_settings={"colour": "red"}),
    rule("alert threshold zero", "alert_settings.failure_rate_threshold_pct",
         alert_settings={"failure_rate_threshold_pct": 0}),
    rule("alert channel unknown", "alert_settings.channels.0.type",
         alert_settings={"channels": [{"type": "pigeon"}]}),
    rule("alert address with NUL", "alert_settings.channels.0.to",
         alert_settings={"channels": [{"type": "email", "to": "a\0@example.com"}]}),
    rule("schedule text", "schedule_settings", schedule_settings="mornings"),
    rule("schedule zone unknown", "schedule_settings.timezone", schedule_settings={"timezone": "Mars/Phobos"}),
    rule("schedule zone with NUL", "schedule_settings.timezone", schedule_settings={"timezone": "\0"}),
    rule("schedule of 51 windows", "schedule_settings.windows",
         schedule_settings={"windows": [{"start": "09:00", "end": "10:00"}] * 51}),
    rule("schedule of 100000 windows", "schedule_settings.windows.0", schedule_settings={"windows": [1] * MANY}),
    rule("schedule hour 25", "schedule_settings.windows.0.start",
         schedule_settings={"windows": [{"start": "25:00", "end": "10:00"}]}),
    rule("schedule ends before it starts", "schedule_settings.end_at",
         schedule_settings={"start_at": "2026-01-02T00:00:00Z", "end_at": "2026-01-01T00:00:00Z"}),
    rule("schedule in the year 10000", "schedule_settings.start_at",
         schedule_settings={"start_at": "10000-01-01T00:00:00Z"}),
    rule("schedule in the year 0", "schedule_settings.start_at",
         schedule_settings={"start_at": "0000-01-01T00:00:00Z"}),
    rule("blackout on no calendar", "schedule_settings.blackout_dates.0",
         schedule_settings={"blackout_dates": ["2026-02-30"]}),
]  # fmt: skip

ALL = [*UNREADABLE, *SHAPES, *CONDITIONS, *ACTIONS, *SETTINGS]
