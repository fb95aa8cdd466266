from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.condition_forms import RuleConditions
from domain.definition_rules import DefinitionError
from domain.expressions import RULE, AttributeType, Position, compile_condition
from domain.json_limits import MAX_DEPTH
from domain.rules.actions import ACTIONS, Broadcast, RuleAction
from domain.rules.rule_checks import CheckedConditions, action_faults, check_conditions

TYPES = {"plan": AttributeType.STRING}
AMOUNT = {"field": "event.amount", "operator": "gte", "value": 100}
COMPARISONS: list[dict[str, Any]] = [
    AMOUNT,
    {"field": "conversation.labels", "operator": "contains", "value": "vip"},
    {"field": "conversation.assignee", "operator": "notExists"},
    {"field": "participant.created_at", "operator": "lt", "value": "2026-12-01T09:00:00Z"},
    {"any": [{"field": "event.order.id", "operator": "startsWith", "value": "b-"}], "all": [AMOUNT]},
]
WEBHOOK = str(uuid4())

RIGHT: list[dict[str, Any]] = [
    {"type": "send_message", "channel": "email", "subject": "{{ event.amount }}", "body": "Hello"},
    {"type": "add_note", "body": "{{ participant.first_name }} of {{ conversation.assignee }}"},
    {"type": "send_webhook", "webhook_id": WEBHOOK, "payload": {"a": [1]}},
    {"type": "set_attribute", "name": "plan", "value": {"a": None}},
    {"type": "counter", "name": "orders", "add": -2.5},
    {"type": "emit_event", "event_type": "big", "event_data": {"a": 1}},
    {"type": "schedule_event", "event_name": "later", "payload": {}, "delay_seconds": 60},
    {"type": "broadcast", "event_name": "news", "participant_filter": 'participant.attributes.plan == "pro"'},
    {"type": "assign", "assignee": None},
]


def form(**fields: Any) -> RuleConditions:
    return RuleConditions.model_validate(fields)


def nested(levels: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def actions_of(*documents: dict[str, Any]) -> tuple[RuleAction, ...]:
    return ACTIONS.validate_python(documents)


def faults_of(*documents: dict[str, Any]) -> list[DefinitionError]:
    return list(action_faults(actions_of(*documents), TYPES))


@pytest.mark.parametrize("nothing", [None, "", [], form(), form(all=[]), form(all=[], any=[])])
def test_conditions_that_say_nothing_always_hold(nothing: RuleConditions | str | list[Any] | None) -> None:
    assert check_conditions(nothing, TYPES) == CheckedConditions(expression=None)


def test_a_text_is_the_expression_itself() -> None:
    text = 'event.amount >= 100 && conversation.status == "open"'
    assert check_conditions(text, TYPES) == CheckedConditions(text)


def test_a_form_comes_to_an_expression_about_rules() -> None:
    checked = check_conditions(
        form(all=[AMOUNT], any=[{"field": "conversation.status", "operator": "eq", "value": "open"}]), TYPES
    )
    assert checked == CheckedConditions('event.amount >= 100 && conversation.status == "open"')


@given(st.lists(st.sampled_from(COMPARISONS), min_size=1, max_size=4), st.sampled_from(["all", "any"]))
def test_whatever_a_form_comes_to_compiles(items: list[dict[str, Any]], name: str) -> None:
    expression = check_conditions(form(**{name: items}), TYPES).expression
    assert expression is not None
    assert compile_condition(expression, RULE)


def test_each_problem_of_a_text_is_told_with_its_place() -> None:
    checked = check_conditions("event.amount > 3 &&\n participant.tgas && foo", TYPES)
    assert checked.expression is None
    assert [(fault.field, fault.position, fault.suggestion) for fault in checked.faults] == [
        ("conditions", Position(2, 14), "participant.tags"),
        ("conditions", Position(2, 22), None),
    ]


def test_a_text_against_the_types_of_attributes_is_wrong() -> None:
    (fault,) = check_conditions("participant.attributes.plan > 3", TYPES).faults
    assert fault.expected == "text on both sides"
    assert check_conditions("participant.attributes.plan > 3", {}).faults == ()


@pytest.mark.parametrize(
    ("conditions", "field"),
    [
        ({"all": [AMOUNT, {"field": "event", "operator": "exists"}]}, "conditions.all.1.field"),
        ({"any": [{"all": [AMOUNT | {"value": "ten"}]}]}, "conditions.any.0.all.0.value"),
        ({"all": [AMOUNT | {"field": "customer.name"}]}, "conditions.all.0.field"),
        ({"any": [AMOUNT] * 50, "all": [AMOUNT]}, "conditions"),
    ],
)
def test_what_is_wrong_with_a_form_is_told_with_its_path(conditions: dict[str, Any], field: str) -> None:
    checked = check_conditions(form(**conditions), TYPES)
    assert [fault.field for fault in checked.faults] == [field]
    assert checked.faults[0].position is None


def test_a_form_against_the_types_of_attributes_is_told_without_a_place() -> None:
    wrong = form(all=[{"field": "participant.attributes.plan", "operator": "gt", "value": 3}])
    (fault,) = check_conditions(wrong, TYPES).faults
    assert (fault.field, fault.position, fault.expected) == ("conditions", None, "text on both sides")


def test_right_actions_have_no_faults() -> None:
    assert faults_of(*RIGHT) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"type": "send_message", "channel": "email", "subject": "{% if", "body": "x"}, "subject"),
        ({"type": "send_message", "channel": "email", "subject": "x", "body": "{{ a | nope }}"}, "body"),
        ({"type": "send_message", "channel": "sms", "body": "{% include 'x' %}"}, "body"),
        ({"type": "send_message", "channel": "sms", "body": " \n"}, "body"),
        (
            {
                "type": "send_message",
                "channel": "sms",
                "body": "x",
                "sending": {"transactional": True, "holdout_percentage": 1},
            },
            "sending.holdout_percentage",
        ),
        (
            {
                "type": "send_message",
                "channel": "console",
                "body": "x",
                "sending": {"recently_contacted": {"hours": 1}},
            },
            "sending.recently_contacted",
        ),
        (
            {"type": "send_message", "channel": "sms", "body": "x", "once_per": {"attribute": "birthday"}},
            "once_per",
        ),
        (
            {"type": "send_message", "channel": "sms", "body": "x", "sending": {"once_per_address": True}},
            "sending.once_per_address",
        ),
        (
            {
                "type": "send_message",
                "channel": "sms",
                "body": "x",
                "sending": {"hold_after_failures": {"percentage": 50}},
            },
            "sending.hold_after_failures",
        ),
        ({"type": "add_note", "body": "{{ event.amount | divided_by: 0 }}"}, "body"),
        ({"type": "add_note", "body": "{% for %}"}, "body"),
        ({"type": "send_webhook", "webhook_id": WEBHOOK, "payload": {"a": "\0"}}, "payload.a"),
        ({"type": "set_attribute", "name": "a.b", "value": {"c": [float("nan")]}}, "value.c.0"),
        ({"type": "set_attribute", "name": "plan", "value": "x" * 8_193}, "value"),
        ({"type": "counter", "name": "orders", "add": 2**63}, "add"),
        ({"type": "counter", "name": "orders", "add": -1e300}, "add"),
        ({"type": "emit_event", "event_type": "big", "event_data": {"a": "\ud800"}}, "event_data.a"),
        ({"type": "emit_event", "event_type": "e", "event_data": {"a": [0] * 1_001}}, "event_data.a"),
        (
            {"type": "schedule_event", "event_name": "e", "delay_seconds": 1, "payload": {"a": 2**64}},
            "payload.a",
        ),
        ({"type": "broadcast", "event_name": "e", "payload": {"a": float("inf")}}, "payload.a"),
        ({"type": "broadcast", "event_name": "e", "participant_filter": "1 +"}, "participant_filter"),
        ({"type": "broadcast", "event_name": "e", "guard_condition": "event.amount > 3"}, "guard_condition"),
    ],
)
def test_a_wrong_action_names_its_field(wrong: dict[str, Any], field: str) -> None:
    assert {fault.field for fault in faults_of(RIGHT[0], wrong)} == {f"actions.1.{field}"}


def test_every_wrong_action_is_told() -> None:
    broadcast = {"type": "broadcast", "event_name": "e", "participant_filter": "no", "guard_condition": "no"}
    fields = [fault.field for fault in faults_of({"type": "add_note", "body": "{{"}, RIGHT[4], broadcast)]
    assert fields == ["actions.0.body", "actions.2.participant_filter", "actions.2.guard_condition"]


def test_an_expression_in_an_action_is_told_with_the_place_and_a_suggestion() -> None:
    action = Broadcast(type="broadcast", event_name="e", guard_condition='"vip" in participant.tgas')
    (fault,) = action_faults([action], TYPES)
    assert fault.position is not None
    assert (fault.position.line, fault.suggestion) == (1, "participant.tags")


def test_an_attribute_may_nest_as_deep_as_it_can_be_stored() -> None:
    deepest = {"type": "set_attribute", "name": "a", "value": nested(MAX_DEPTH - 1)}
    assert faults_of(deepest) == []
    assert faults_of(deepest | {"value": nested(MAX_DEPTH)}) != []
