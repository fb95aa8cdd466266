"""Requests for automations that must be refused, each with the field that the answer names."""

import json
from typing import Any, NamedTuple
from uuid import uuid4

CRON = {"type": "cron", "cron_expression": "0 0 1 1 *"}
IN_2030 = {"type": "one_time", "trigger_at": "2030-01-01T00:00:00Z"}
MAIL = {"type": "send_message", "channel": "email", "subject": "Hello", "body": "A coffee on us."}
GOOD: dict[str, Any] = {"name": "unwanted", "event_name": "hello", "scope": "participants", "trigger": CRON}
NESTED: dict[str, Any] = {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {}}}}}}}}}
OVER_64_KIB = {f"key{number}": "x" * 1_000 for number in range(66)}


class Bad(NamedTuple):
    """`body` is what is sent, `field` what the answer must name."""

    what: str
    body: bytes
    field: str

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


def raw(body: str | bytes) -> bytes:
    return body.encode() if isinstance(body, str) else body


def automation(what: str, field: str, **fields: Any) -> Bad:
    return Bad(what, json.dumps(GOOD | fields).encode(), field)


def without(name: str) -> Bad:
    return Bad(
        f"no {name}", json.dumps({key: value for key, value in GOOD.items() if key != name}).encode(), name
    )


def cron(what: str, expression: object, field: str = "cron_expression") -> Bad:
    return automation(f"cron {what}", field, trigger={"type": "cron", "cron_expression": expression})


def one_time(what: str, trigger_at: object, field: str = "trigger_at") -> Bad:
    return automation(f"trigger_at {what}", field, trigger={"type": "one_time", "trigger_at": trigger_at})


def with_part(text: str) -> bytes:
    """A good request with one more member, in JSON text as it is."""
    return f"{json.dumps(GOOD)[:-1]}, {text}}}".encode()


UNREADABLE = [
    Bad("cut off", raw('{"name": '), "body"),
    Bad("single quotes", raw("{'name': 'x'}"), "body"),
    Bad("empty", b"", "body"),
    Bad("not UTF-8", b'{"name": "\xff\xfe"}', "body"),
    Bad("a list", raw("[]"), "body"),
    Bad("null", raw("null"), "body"),
    Bad("a string", raw('"x"'), "body"),
    Bad("100000 objects deep", with_part('"payload": ' + '{"a": ' * 100_000 + "1" + "}" * 100_000), "body"),
    Bad("9 objects deep", with_part('"payload": ' + '{"a": ' * 9 + "1" + "}" * 9), "payload.a.a.a.a.a.a.a.a"),
    Bad("100000 brackets", b"[" * 100_000, "body"),
    Bad("an integer of 4500 digits", with_part(f'"jitter_seconds": {"9" * 4_500}'), "body"),
    Bad("half a surrogate pair in a key", with_part('"\\ud800": 1'), "body"),
]

SHAPES = [
    *(without(name) for name in ("name", "event_name", "scope", "trigger")),
    automation("name empty", "name", name=""),
    automation("name too long", "name", name="x" * 256),
    automation("name a number", "name", name=3),
    automation("name null", "name", name=None),
    automation("name with NUL", "name", name="a\0b"),
    automation("name with half a surrogate pair", "name", name="\ud800"),
    automation("event_name with NUL", "event_name", event_name="\0"),
    automation("event_name a list", "event_name", event_name=["hello"]),
    automation("description too long", "description", description="x" * 8_193),
    automation("description with NUL", "description", description="\0"),
    automation("scope unknown", "scope", scope="everyone"),
    automation("unknown field", "colour", colour="red"),
    automation("status", "status", status="paused"),
    automation("source", "source", source="rule_action"),
    automation("id", "id", id=str(uuid4())),
    automation("participant_id no UUID", "participant_id", participant_id="someone"),
    automation("cohort_size zero", "cohort_size", cohort_size=0),
    automation("cohort_size beyond 1000", "cohort_size", cohort_size=1_001),
    automation("cohort_size a word", "cohort_size", cohort_size="many"),
    automation("cohort_size a digit as text", "cohort_size", cohort_size="5"),
    automation("cohort_size true", "cohort_size", cohort_size=True),
    automation("cohort_size Infinity", "cohort_size", cohort_size=float("inf")),
    automation("jitter_seconds negative", "jitter_seconds", jitter_seconds=-1),
    automation("jitter_seconds huge", "jitter_seconds", jitter_seconds=10**300),
    automation("jitter_seconds NaN", "jitter_seconds", jitter_seconds=float("nan")),
    automation("jitter_seconds a fraction", "jitter_seconds", jitter_seconds=1.5),
    automation("jitter_seconds true", "jitter_seconds", jitter_seconds=True),
    automation("missed_run_policy unknown", "missed_run_policy", missed_run_policy="some"),
    automation("dst_policy unknown value", "dst_policy.gap", dst_policy={"gap": "jump"}),
    automation("dst_policy unknown field", "dst_policy.fold", dst_policy={"fold": 1}),
    automation("payload a list", "payload", payload=[]),
    automation("payload text", "payload", payload="{}"),
    automation("filter_hints no object", "filter_hints.0", filter_hints=[1]),
    automation("filter_hints too many", "filter_hints", filter_hints=[{}] * 101),
]

TRIGGERS = [
    automation("trigger text", "trigger", trigger="cron"),
    automation("trigger null", "trigger", trigger=None),
    automation("trigger without type", "trigger.type", trigger={"cron_expression": "0 0 1 1 *"}),
    automation("trigger type unknown", "trigger.type", trigger={"type": "weekly"}),
    automation("trigger type a number", "trigger.type", trigger={"type": 1}),
    automation("trigger unknown field", "trigger.colour", trigger=CRON | {"colour": "red"}),
    automation("trigger cron with trigger_at", "trigger.trigger_at", trigger=IN_2030 | CRON),
    automation("trigger one_time with cron", "trigger.cron_expression", trigger=CRON | IN_2030),
    automation(
        "trigger immediate with cron", "trigger.cron_expression", trigger=CRON | {"type": "immediate"}
    ),
    automation("trigger one_time without trigger_at", "trigger.trigger_at", trigger={"type": "one_time"}),
    automation("trigger cron without expression", "trigger.cron_expression", trigger={"type": "cron"}),
    automation("immediate of program scope", "scope", scope="program", trigger={"type": "immediate"}),
    cron("of six fields", "0 0 9 * * 1"),
    cron("of seven fields", "0 0 9 * * 1 2030"),
    cron("of four fields", "0 9 * *"),
    cron("on 31 February", "0 0 31 2 *"),
    cron("with a zone prefix", "CRON_TZ=Europe/Madrid 0 9 * * 1"),
    cron("with a short zone prefix", "TZ=UTC 0 9 * * 1"),
    cron("at minute 61", "61 * * * *"),
    cron("on reboot", "@reboot"),
    cron("hashed", "H 9 * * 1"),
    cron("empty", ""),
    cron("of words", "every monday at nine"),
    cron("with NUL", "0 9 * * 1\0"),
    cron("too long", "0 " * 200, "trigger.cron_expression"),
    cron("a number", 9, "trigger.cron_expression"),
    cron("with half a surrogate pair", "\ud800 * * * *", "trigger.cron_expression"),
    automation("zone unknown", "timezone", trigger=CRON | {"timezone": "Mars/Phobos"}),
    automation("zone empty", "timezone", trigger=CRON | {"timezone": ""}),
    automation("zone a path", "timezone", trigger=CRON | {"timezone": "../../etc/passwd"}),
    automation("zone of one_time", "timezone", trigger=IN_2030 | {"timezone": "Mars/Phobos"}),
    automation("zone null", "trigger.timezone", trigger=CRON | {"timezone": None}),
    automation("zone too long", "trigger.timezone", trigger=CRON | {"timezone": "x" * 65}),
    one_time("naive", "2030-01-01T00:00:00", "trigger.trigger_at"),
    one_time("a date", "2030-01-01", "trigger.trigger_at"),
    one_time("a word", "tomorrow", "trigger.trigger_at"),
    one_time("a number", 1_900_000_000, "trigger.trigger_at"),
    one_time("digits", "1900000000", "trigger.trigger_at"),
    one_time("30 February", "2030-02-30T00:00:00Z", "trigger.trigger_at"),
    one_time("in year 1", "0001-01-01T00:00:00Z"),
    one_time("in year 1 before any calendar", "0001-01-01T00:00:00+14:00"),
    one_time("in 1999", "1999-12-31T23:59:59Z"),
    one_time("in 2101", "2101-01-01T00:00:00Z"),
    one_time("in year 9999", "9999-12-31T23:59:59Z"),
    one_time("in year 9999 after any calendar", "9999-12-31T23:59:59-14:00"),
]

DOCUMENTS = [
    automation("payload over 64 KiB", "payload", payload=OVER_64_KIB),
    automation("payload text over 8 KiB", "payload.a", payload={"a": "x" * 8_193}),
    automation("payload of 1001 items", "payload.a", payload={"a": [0] * 1_001}),
    automation("payload nested nine deep", "payload.a.b.c.d.e.f.g.h", payload=NESTED),
    automation("payload with NUL", "payload.a", payload={"a": "\0"}),
    automation("payload with NUL in a key", "payload", payload={"\0": 1}),
    automation("payload with half a surrogate pair", "payload.a.0", payload={"a": ["\udfff"]}),
    automation("payload with NaN", "payload.a", payload={"a": float("nan")}),
    automation("payload with Infinity", "payload.a", payload={"a": float("-inf")}),
    automation("payload with an integer past 64 bits", "payload.a", payload={"a": 2**63}),
    automation("filter_hints with NUL", "filter_hints.0.a", filter_hints=[{"a": "\0"}]),
    Bad("payload with 1e400", with_part('"payload": {"a": 1e400}'), "payload.a"),
]

ACTIONS = [
    automation("action text", "action", action="send_message"),
    automation("action type unknown", "action.type", action=MAIL | {"type": "send_pigeon"}),
    automation("action without type", "action.type", action={"channel": "email"}),
    automation("action channel unknown", "action.channel", action=MAIL | {"channel": "fax"}),
    automation("action unknown field", "action.colour", action=MAIL | {"colour": "red"}),
    automation("action subject empty", "action.subject", action=MAIL | {"subject": ""}),
    automation("action body too long", "action.body", action=MAIL | {"body": "x" * 65_537}),
    automation("action body with NUL", "action.body", action=MAIL | {"body": "\0"}),
    automation("action subject with half a pair", "action.subject", action=MAIL | {"subject": "\ud800"}),
    automation("action subject no template", "action.subject", action=MAIL | {"subject": "{{ participant"}),
    automation("action body no template", "action.body", action=MAIL | {"body": "{% for x %}"}),
]

SCOPES = [
    automation("participant_id with participants", "participant_id", participant_id=str(uuid4())),
    automation("participant_id with cron", "participant_id", participant_id=str(uuid4()), scope="program"),
    automation(
        "participant_id of nobody",
        "participant_id",
        participant_id=str(uuid4()),
        scope="program",
        trigger=IN_2030,
    ),
    automation("filter of program scope", "participant_filter", scope="program", participant_filter="true"),
    automation("guard of program scope", "guard_condition", scope="program", guard_condition="true"),
    automation("action of program scope", "action", scope="program", action=MAIL),
]

EXPRESSIONS = [
    automation(f"{field} {what}", field, **{field: text})
    for field in ("participant_filter", "guard_condition")
    for what, text in (
        ("bad syntax", "participant.tags ==="),
        ("empty", ""),
        ("no condition", "1 + 1"),
        ("text", '"vip"'),
        ("unknown variable", 'customer.email == "x"'),
        ("unknown function", "launch(participant)"),
        ("wrong type", 'participant.tags == "vip"'),
        ("nested too deep", "(" * 300 + "true" + ")" * 300),
        ("too long", "true || " * 256 + "true"),
        ("with NUL", '"\0" in participant.tags'),
        ("a number", 1),
    )
]

ALL = [*UNREADABLE, *SHAPES, *TRIGGERS, *DOCUMENTS, *ACTIONS, *SCOPES, *EXPRESSIONS]
