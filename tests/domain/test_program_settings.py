"""What Carillon reads in a program's settings."""

from typing import Any

import pytest

from domain.actions import Channel
from domain.expressions import AttributeType
from domain.program_settings import (
    MAX_COUNTERS,
    EventCounter,
    SettingError,
    UnknownParticipant,
    attribute_types,
    check_settings,
    event_counters,
    on_unknown_participant,
    sending_rules,
)
from domain.send_gates import FrequencyCap, QuietHours, QuietPolicy, SendingRules


def test_without_settings_people_nobody_knows_are_created_and_nothing_is_counted() -> None:
    assert on_unknown_participant({}) is UnknownParticipant.CREATE
    assert event_counters({}) == ()


def test_settings_that_carillon_does_not_read_are_the_clients() -> None:
    check_settings({"theme": "dark", "counter": 5})


def test_a_counter_adds_a_number_of_the_event_or_one() -> None:
    settings = {
        "counters": {
            "lifetime_spend": {"event_type": "purchase", "add": "amount"},
            "orders": {"event_type": "purchase"},
        }
    }
    assert event_counters(settings) == (
        EventCounter("lifetime_spend", "purchase", "amount"),
        EventCounter("orders", "purchase", None),
    )


RULE = {"event_type": "purchase"}


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"on_unknown_participant": "create"}, "on_unknown_participant"),
        ({"on_unknown_participant": None}, "on_unknown_participant"),
        ({"message_tracking": False}, "message_tracking"),
        ({"message_tracking": {"opens": "no"}}, "message_tracking.opens"),
        ({"message_tracking": {"clicks": None}}, "message_tracking.clicks"),
        ({"message_tracking": {"replies": True}}, "message_tracking.replies"),
        ({"counters": None}, "counters"),
        ({"counters": ["orders"]}, "counters"),
        ({"counters": {str(number): RULE for number in range(MAX_COUNTERS + 1)}}, "counters"),
        ({"counters": {"": RULE}}, "counters."),
        ({"counters": {"x" * 256: RULE}}, "counters." + "x" * 256),
        ({"counters": {"orders": "purchase"}}, "counters.orders"),
        ({"counters": {"orders": {}}}, "counters.orders.event_type"),
        ({"counters": {"orders": {"event_type": ""}}}, "counters.orders.event_type"),
        ({"counters": {"orders": {"event_type": 7}}}, "counters.orders.event_type"),
        ({"counters": {"orders": RULE | {"add": None}}}, "counters.orders.add"),
        ({"counters": {"orders": RULE | {"add": 1}}}, "counters.orders.add"),
        ({"counters": {"orders": RULE | {"add": "x" * 256}}}, "counters.orders.add"),
        ({"counters": {"orders": RULE | {"sum": "amount"}}}, "counters.orders.sum"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_setting_that_cannot_be_used_is_refused_by_its_path(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(SettingError) as refused:
        check_settings(settings)
    assert refused.value.field == field
    assert refused.value.reason
    assert refused.value.expected


def test_attributes_are_of_the_types_that_the_program_says() -> None:
    settings = {
        "attribute_types": {"plan": "string", "visits": "number", "joined": "timestamp", "vip": "bool"}
    }
    assert attribute_types(settings) == {
        "plan": AttributeType.STRING,
        "visits": AttributeType.NUMBER,
        "joined": AttributeType.TIMESTAMP,
        "vip": AttributeType.BOOL,
    }
    assert attribute_types({}) == {}


@pytest.mark.parametrize(
    ("types", "field"),
    [
        (["plan"], "attribute_types"),
        ({"plan": "integer"}, "attribute_types.plan"),
        ({"plan": 5}, "attribute_types.plan"),
        ({"plan": ["string"]}, "attribute_types.plan"),
        ({"": "string"}, "attribute_types."),
    ],
)
def test_other_types_are_refused_by_their_attribute(types: object, field: str) -> None:
    with pytest.raises(SettingError) as refused:
        check_settings({"attribute_types": types})
    assert refused.value.field == field


def test_what_keeps_messages_from_people_is_read_from_sending() -> None:
    assert sending_rules({}) == SendingRules()
    rules = sending_rules(
        {
            "sending": {
                "frequency_caps": [
                    {"messages": 2, "hours": 24},
                    {"messages": 1, "hours": 72, "channel": "sms"},
                ],
                "quiet_hours": {"start": "21:00", "end": "08:00"},
                "recently_contacted": {"hours": 12},
                "holdout_percentage": 5,
            }
        }
    )
    assert rules.frequency_caps[1] == FrequencyCap(messages=1, hours=72, channel=Channel.SMS)
    assert rules.quiet_hours == QuietHours(start="21:00", end="08:00", policy=QuietPolicy.DEFER)
    assert rules.holdout_percentage == 5


@pytest.mark.parametrize(
    ("sending", "field"),
    [
        ([], "sending"),
        ({"caps": []}, "sending.caps"),
        ({"frequency_caps": {}}, "sending.frequency_caps"),
        ({"frequency_caps": [{"messages": 1, "hours": 1}] * 21}, "sending.frequency_caps"),
        ({"frequency_caps": [{"messages": 0, "hours": 1}]}, "sending.frequency_caps.0.messages"),
        ({"frequency_caps": [{"messages": "1", "hours": 1}]}, "sending.frequency_caps.0.messages"),
        ({"frequency_caps": [{"messages": 1}]}, "sending.frequency_caps.0.hours"),
        ({"frequency_caps": [{"messages": 1, "hours": 8761}]}, "sending.frequency_caps.0.hours"),
        (
            {"frequency_caps": [{"messages": 1, "hours": 1, "channel": "fax"}]},
            "sending.frequency_caps.0.channel",
        ),
        (
            {"frequency_caps": [{"messages": 1, "hours": 1, "channel": "webhook"}]},
            "sending.frequency_caps.0.channel",
        ),
        ({"quiet_hours": {"start": "21:00"}}, "sending.quiet_hours.end"),
        ({"quiet_hours": {"start": "24:00", "end": "08:00"}}, "sending.quiet_hours.start"),
        ({"quiet_hours": {"start": "9:00", "end": "08:00"}}, "sending.quiet_hours.start"),
        ({"quiet_hours": {"start": "08:00", "end": "08:00"}}, "sending.quiet_hours"),
        ({"quiet_hours": {"start": "21:00", "end": "08:00", "policy": "drop"}}, "sending.quiet_hours.policy"),
        (
            {"quiet_hours": {"start": "21:00", "end": "08:00", "channels": ["fax"]}},
            "sending.quiet_hours.channels.0",
        ),
        (
            {"quiet_hours": {"start": "21:00", "end": "08:00", "channels": ["email", "webhook"]}},
            "sending.quiet_hours.channels.1",
        ),
        (
            {"recently_contacted": {"hours": 1, "same_channel": "yes"}},
            "sending.recently_contacted.same_channel",
        ),
        ({"recently_contacted": 24}, "sending.recently_contacted"),
        ({"holdout_percentage": 101}, "sending.holdout_percentage"),
        ({"holdout_percentage": True}, "sending.holdout_percentage"),
        ({"hold_after_failures": {"percentage": 50, "of_last": 5}}, "sending.hold_after_failures.of_last"),
    ],
)
def test_rules_of_sending_that_cannot_be_used_are_refused_by_their_field(sending: object, field: str) -> None:
    with pytest.raises(SettingError) as refused:
        check_settings({"sending": sending})
    assert refused.value.field == field
    assert refused.value.reason
    assert refused.value.expected


def test_channels_that_know_no_caps_are_told_those_that_do() -> None:
    with pytest.raises(SettingError) as refused:
        check_settings({"sending": {"frequency_caps": [{"messages": 1, "hours": 1, "channel": "apprise"}]}})
    assert refused.value.reason == "messages of the channel apprise do not go to the person"
    assert refused.value.expected.startswith("email, sms, whatsapp or push")
