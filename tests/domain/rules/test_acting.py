from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.actions import Channel
from domain.automation import Scope, Source, TriggerType
from domain.json_limits import MAX_INT64
from domain.message_content import Content, MessageContents, MessageTemplate
from domain.rules.acting import Acted, Stage, act
from domain.rules.effects import (
    ActionResult,
    ActionStatus,
    ConversationNote,
    EmittedEvent,
    JourneyEntry,
    JourneyExit,
    QueuedMessage,
    StagedAutomation,
    WebhookCall,
)
from domain.rules.rule import Rule
from tests.domain.rules.samples import NOW, VIEWS, conversation, person, rule

MAIL = {
    "type": "send_message",
    "channel": "email",
    "subject": "Hi {{ participant.first_name }}",
    "body": "{{ event.amount }}",
}


def acted(one: Rule, participant: Any = None, about: Any = None) -> Acted:
    return act(one, Stage(uuid4(), {"amount": 42}, participant, about, NOW, VIEWS.seen_as))


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ({"type": "add_tag", "tag": "vip"}, {}, {"tags": ["vip"]}),
        ({"type": "add_tag", "tag": "vip"}, {"tags": ["vip"]}, {"tags": ["vip"]}),
        ({"type": "remove_tag", "tag": "vip"}, {"tags": ["a", "vip"]}, {"tags": ["a"]}),
        (
            {"type": "set_attribute", "name": "plan", "value": {"a": [1]}},
            {},
            {"attributes": {"plan": {"a": [1]}}},
        ),
        (
            {"type": "set_attribute", "name": "plan", "value": None},
            {"attributes": {"plan": 1}},
            {"attributes": {}},
        ),
        ({"type": "counter", "name": "visits"}, {}, {"counters": {"visits": 1}}),
        (
            {"type": "counter", "name": "points", "add": 0.1},
            {"counters": {"points": 0.2}},
            {"counters": {"points": 0.3}},
        ),
        ({"type": "set_tier", "name": "club", "level": "gold"}, {}, {"tiers": {"club": "gold"}}),
        ({"type": "set_tier", "name": "club", "level": None}, {"tiers": {"club": "gold"}}, {"tiers": {}}),
    ],
)
def test_actions_change_the_participant_and_nothing_else_of_them(
    action: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> None:
    someone = person(**before)
    done = acted(rule(action), someone)
    assert done.participant == {**someone, **after}
    assert done.results == (ActionResult(action["type"], ActionStatus.DONE),)


@pytest.mark.parametrize(
    ("action", "after"),
    [
        ({"type": "assign", "assignee": "team-2"}, {"assignee": "team-2"}),
        ({"type": "set_status", "status": "resolved"}, {"status": "resolved"}),
        ({"type": "set_priority", "priority": "urgent"}, {"priority": "urgent"}),
        ({"type": "add_label", "label": "late"}, {"labels": ["refund", "late"]}),
        ({"type": "remove_label", "label": "refund"}, {"labels": []}),
    ],
)
def test_actions_change_the_conversation(action: dict[str, Any], after: dict[str, Any]) -> None:
    about = conversation(labels=["refund"])
    assert acted(rule(action), None, about).conversation == {**about, **after}


def test_a_failing_action_undoes_those_before_it_and_ends_the_rule() -> None:
    someone = person(counters={"points": MAX_INT64})
    doing = rule(
        {"type": "add_tag", "tag": "vip"},
        MAIL,
        {"type": "counter", "name": "points"},
        {"type": "add_note", "body": "x"},
    )
    done = acted(doing, someone)
    assert (done.participant, done.effects, done.succeeded) == (someone, (), False)
    assert [result.status for result in done.results] == [
        ActionStatus.DONE,
        ActionStatus.DONE,
        ActionStatus.FAILED,
    ]


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ({"type": "add_tag", "tag": "vip"}, "the event has no participant"),
        (MAIL, "the event has no participant"),
        ({"type": "assign", "assignee": "x"}, "the event has no conversation"),
        ({"type": "add_note", "body": "x"}, "the event has no conversation"),
    ],
)
def test_an_action_without_anybody_to_act_on_fails(action: dict[str, Any], reason: str) -> None:
    (result,) = acted(rule(action)).results
    assert result == ActionResult(action["type"], ActionStatus.FAILED, reason)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"consent": {}}, "no_consent"),
        ({"email": None}, "no_address"),
        ({"status": "CLOSED"}, "participant_not_active"),
    ],
)
def test_a_message_respects_the_gates_of_its_recipient_and_the_rule_goes_on(
    fields: dict[str, Any], reason: str
) -> None:
    done = acted(rule(MAIL, {"type": "add_tag", "tag": "asked"}), person(**fields))
    assert [(one.status, one.reason) for one in done.results] == [
        (ActionStatus.SKIPPED, reason),
        (ActionStatus.DONE, None),
    ]
    assert done.effects == () and done.succeeded


def test_a_message_goes_to_the_address_of_its_channel() -> None:
    someone = person(
        phone="+34612345678", consent={"sms": "subscribed"}, attributes={"push_token": "fcm:abc"}
    )
    text_message = {"type": "send_message", "channel": "sms", "body": "Hi"}
    (message,) = acted(rule(text_message), someone).effects
    assert isinstance(message, QueuedMessage)
    assert (message.recipient, message.subject) == ("+34612345678", "")
    (result,) = acted(rule({**text_message, "channel": "push"}), someone).results
    assert (result.status, result.reason) == (ActionStatus.SKIPPED, "no_consent")


def test_a_message_that_comes_out_empty_fails_its_action_and_is_not_queued() -> None:
    someone = person(phone="+34612345678", consent={"sms": "subscribed"})
    done = acted(rule({"type": "send_message", "channel": "sms", "body": "{{ event.none }} "}), someone)
    assert done.results == (ActionResult("send_message", ActionStatus.FAILED, "the message comes out empty"),)
    assert done.effects == ()


def test_a_message_sees_what_the_actions_before_it_changed() -> None:
    tagging = {**MAIL, "body": "{{ participant.tags | join: ',' }}"}
    (message,) = acted(rule({"type": "add_tag", "tag": "vip"}, tagging), person()).effects
    assert isinstance(message, QueuedMessage)
    assert (message.recipient, message.subject, message.body) == ("ana@example.com", "Hi Ana", "vip")


def test_effects_have_the_same_ids_in_every_attempt_and_other_ids_for_other_actions() -> None:
    emitting = rule(MAIL, {"type": "emit_event", "event_type": "welcomed", "event_data": {"a": 1}}, MAIL)
    stage = Stage(uuid4(), {}, person(), None, NOW, VIEWS.seen_as)
    first, second = act(emitting, stage).effects, act(emitting, stage).effects
    assert first == second
    assert len({effect.id for effect in first if not isinstance(effect, WebhookCall)}) == 3


def test_effects_beyond_the_record_are_described_whole() -> None:
    webhook_id = uuid4()
    everything = rule(
        {"type": "send_webhook", "webhook_id": str(webhook_id), "payload": {"a": 1}},
        {"type": "emit_event", "event_type": "welcomed", "event_data": {"type": "other", "a": 1}},
        {"type": "add_note", "body": "bought for {{ event.amount }}"},
    )
    call, emitted, note = acted(everything, person(), conversation()).effects
    assert call == WebhookCall(webhook_id, {"a": 1})
    assert isinstance(emitted, EmittedEvent) and emitted.data == {"type": "welcomed", "a": 1}
    assert isinstance(note, ConversationNote) and note.body == "bought for 42"


def test_scheduled_events_and_broadcasts_become_automations_of_rules() -> None:
    someone = person()
    later = {"type": "schedule_event", "event_name": "remind", "delay_seconds": 60}
    everyone = {"type": "broadcast", "event_name": "news", "participant_filter": "participant.has_email"}
    one, many = acted(rule(later, everyone), someone).effects
    assert isinstance(one, StagedAutomation) and isinstance(many, StagedAutomation)
    assert (one.definition.trigger_type, one.definition.scope) == (TriggerType.ONE_TIME, Scope.PROGRAM)
    assert (one.definition.trigger_at, one.definition.participant_id) == (
        NOW + timedelta(minutes=1),
        someone["id"],
    )
    assert (many.definition.trigger_type, many.definition.scope) == (
        TriggerType.IMMEDIATE,
        Scope.PARTICIPANTS,
    )
    assert many.definition.participant_filter == "participant.has_email"
    assert {one.definition.source, many.definition.source} == {Source.RULE_ACTION}
    assert one.definition.name != many.definition.name


def test_journeys_are_entered_and_left_by_whoever_the_event_is_about() -> None:
    actions = rule(
        {"type": "enroll_journey", "journey_id": "a" * 24}, {"type": "exit_journey", "journey_id": "b" * 24}
    )
    entry, exit_ = acted(actions, person()).effects
    assert isinstance(entry, JourneyEntry) and entry.journey_id == "a" * 24
    assert exit_ == JourneyExit("b" * 24)
    assert not acted(actions).succeeded


def template(**contents: Content) -> MessageTemplate:
    said = MessageContents(default_locale="en", contents=contents)
    return MessageTemplate(uuid4(), 3, Channel.EMAIL, said)


def sent_from(one: MessageTemplate, someone: Any, templates: tuple[MessageTemplate, ...]) -> Acted:
    doing = rule({"type": "send_message", "channel": "email", "template_id": str(one.id)})
    known = {known.id: known for known in templates}
    return act(doing, Stage(uuid4(), {"amount": 42}, someone, None, NOW, VIEWS.seen_as, known))


def test_a_template_is_sent_in_the_language_of_the_participant_and_says_which_it_was() -> None:
    one = template(
        en=Content(subject="Hello", body="{{ event.amount }}"),
        es=Content(subject="Hola {{ participant.first_name }}", html="<p>{{ event.amount }} &euro;</p>"),
    )
    (effect,) = sent_from(one, person(), (one,)).effects
    assert isinstance(effect, QueuedMessage)
    assert (effect.subject, effect.body, effect.options.html) == ("Hola Ana", "42 €", "<p>42 &euro;</p>")
    assert effect.template_id == one.id


def test_a_template_that_is_not_there_fails_the_rule() -> None:
    done = sent_from(template(en=Content(subject="Hello", body="x")), person(), ())
    assert done.results[0].reason == "there is no such message template"
    assert done.effects == ()
