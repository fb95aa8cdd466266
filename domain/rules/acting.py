"""Carrying out a rule's actions on a copy of what they act on: all of them, or none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from domain.actions import EnrollJourney, SendMessage
from domain.addresses import address_of
from domain.automation import Definition, Scope, Source, TriggerType
from domain.counters import CounterError, add_to_counter, as_decimal
from domain.gates import Reachability, message_gate, status_gate
from domain.json_limits import MAX_ITEMS, check_json_limits
from domain.message_content import MessageTemplate, contents_of, message_for
from domain.rules import actions
from domain.rules.effects import (
    ActionResult,
    ActionStatus,
    ConversationNote,
    Effect,
    EmittedEvent,
    JourneyEntry,
    JourneyExit,
    QueuedMessage,
    StagedAutomation,
    WebhookCall,
)
from domain.rules.rule import Rule
from domain.templates import TemplateError, parse_template

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stage:
    """What the actions act on. `participant` and `conversation`: rows, None where the event has none.

    `seen_as`: what templates see of a participant. `templates`: those that the rule's messages may be.
    """

    event_id: UUID
    event_data: Row
    participant: Row | None
    conversation: Row | None
    now: datetime
    seen_as: Callable[[Row], dict[str, Any]]
    templates: Mapping[UUID, MessageTemplate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acted:
    """When an action failed, the rows are as they were and there are no effects."""

    results: tuple[ActionResult, ...]
    participant: Row | None
    conversation: Row | None
    effects: tuple[Effect, ...] = ()

    @property
    def succeeded(self) -> bool:
        return all(result.status is not ActionStatus.FAILED for result in self.results)


class _ActionError(Exception):
    """Why an action cannot be carried out."""


@dataclass
class _Work:
    rule: Rule
    stage: Stage
    participant: Row | None
    conversation: Row | None
    effects: list[Effect] = field(default_factory=list)
    index: int = 0

    @property
    def effect_id(self) -> UUID:
        """The same in every attempt at the event, so that an effect exists once."""
        return uuid5(self.stage.event_id, f"{self.rule.id}:{self.index}")


def act(rule: Rule, stage: Stage) -> Acted:
    """Pure: what the actions do is in the answer. Ends at the first action that fails."""
    work = _Work(rule, stage, stage.participant, stage.conversation)
    results: list[ActionResult] = []
    for index, action in enumerate(rule.actions):
        work.index = index
        try:
            skipped = _ACT[type(action)](work, action)
        except _ActionError as error:
            failed = ActionResult(action.type, ActionStatus.FAILED, str(error))
            return Acted((*results, failed), stage.participant, stage.conversation)
        status = ActionStatus.DONE if skipped is None else ActionStatus.SKIPPED
        results.append(ActionResult(action.type, status, skipped))
    return Acted(tuple(results), work.participant, work.conversation, tuple(work.effects))


def _person(work: _Work) -> Row:
    if work.participant is None:
        raise _ActionError("the event has no participant")
    return work.participant


def _conversation(work: _Work) -> Row:
    if work.conversation is None:
        raise _ActionError("the event has no conversation")
    return work.conversation


def _values(work: _Work) -> dict[str, Any]:
    """What templates see."""
    return {
        "participant": {} if work.participant is None else work.stage.seen_as(work.participant),
        "conversation": work.conversation or {},
        "event": work.stage.event_data,
    }


def _send_message(work: _Work, action: SendMessage) -> str | None:
    person = _person(work)
    address = address_of(action.channel, person)
    shut = status_gate(person["status"]) or message_gate(
        action.channel,
        Reachability(person["consent"].get(action.channel.value), address, action.sending.consent),
    )
    if shut is not None:
        return shut.value
    assert address is not None
    template = None
    if action.template_id is not None:
        template = work.stage.templates.get(action.template_id)
        if template is None:
            raise _ActionError("there is no such message template")
    try:
        message = message_for(
            action.channel, contents_of(action, template).for_locale(person["locale"]), _values(work)
        )
    except TemplateError as error:
        raise _ActionError(str(error)) from None
    work.effects.append(
        QueuedMessage(
            work.effect_id,
            action.channel,
            address,
            message.subject,
            message.body,
            message.options,
            sending=action.sending,
            template_id=action.template_id,
        )
    )
    return None


def _send_webhook(work: _Work, action: actions.SendWebhook) -> None:
    work.effects.append(WebhookCall(action.webhook_id, action.payload))


def _add_tag(work: _Work, action: actions.AddTag) -> None:
    person = _person(work)
    if action.tag in person["tags"]:
        return
    if len(person["tags"]) >= MAX_ITEMS:
        raise _ActionError(f"the participant has {MAX_ITEMS} tags already")
    work.participant = {**person, "tags": [*person["tags"], action.tag]}


def _remove_tag(work: _Work, action: actions.RemoveTag) -> None:
    person = _person(work)
    if action.tag in person["tags"]:
        work.participant = {**person, "tags": [tag for tag in person["tags"] if tag != action.tag]}


def _set_attribute(work: _Work, action: actions.SetAttribute) -> None:
    person = _person(work)
    attributes = _with_item(person["attributes"], action.name, action.value)
    for problem in check_json_limits(attributes):
        raise _ActionError(f"attributes: {problem.reason}")
    work.participant = {**person, "attributes": attributes}


def _add_to_counter(work: _Work, action: actions.AddToCounter) -> None:
    person = _person(work)
    change = as_decimal(action.add)
    assert change is not None
    try:
        counters = add_to_counter(person["counters"], action.name, change)
    except CounterError as error:
        raise _ActionError(str(error)) from None
    work.participant = {**person, "counters": counters}


def _set_tier(work: _Work, action: actions.SetTier) -> None:
    person = _person(work)
    work.participant = {**person, "tiers": _with_item(person["tiers"], action.name, action.level)}


def _with_item(items: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {key: kept for key, kept in items.items() if key != name}
    return {**items, name: value}


def _assign(work: _Work, action: actions.Assign) -> None:
    work.conversation = {**_conversation(work), "assignee": action.assignee}


def _set_status(work: _Work, action: actions.SetStatus) -> None:
    work.conversation = {**_conversation(work), "status": action.status.value}


def _set_priority(work: _Work, action: actions.SetPriority) -> None:
    priority = None if action.priority is None else action.priority.value
    work.conversation = {**_conversation(work), "priority": priority}


def _add_label(work: _Work, action: actions.AddLabel) -> None:
    conversation = _conversation(work)
    if action.label in conversation["labels"]:
        return
    if len(conversation["labels"]) >= MAX_ITEMS:
        raise _ActionError(f"the conversation has {MAX_ITEMS} labels already")
    work.conversation = {**conversation, "labels": [*conversation["labels"], action.label]}


def _remove_label(work: _Work, action: actions.RemoveLabel) -> None:
    conversation = _conversation(work)
    labels = [label for label in conversation["labels"] if label != action.label]
    work.conversation = {**conversation, "labels": labels}


def _add_note(work: _Work, action: actions.AddNote) -> None:
    _conversation(work)
    try:
        note = parse_template(action.body).render(_values(work))
    except TemplateError as error:
        raise _ActionError(str(error)) from None
    work.effects.append(ConversationNote(work.effect_id, note))


def _emit_event(work: _Work, action: actions.EmitEvent) -> None:
    data = {**action.event_data, "type": action.event_type}
    work.effects.append(EmittedEvent(work.effect_id, action.event_type, data))


def _schedule_event(work: _Work, action: actions.ScheduleEvent) -> None:
    definition = Definition(
        name=_automation_name(work),
        event_name=action.event_name,
        payload=action.payload,
        scope=Scope.PROGRAM,
        trigger_type=TriggerType.ONE_TIME,
        trigger_at=work.stage.now + timedelta(seconds=action.delay_seconds),
        participant_id=None if work.participant is None else work.participant["id"],
        source=Source.RULE_ACTION,
    )
    work.effects.append(StagedAutomation(work.effect_id, definition))


def _broadcast(work: _Work, action: actions.Broadcast) -> None:
    definition = Definition(
        name=_automation_name(work),
        event_name=action.event_name,
        payload=action.payload,
        scope=Scope.PARTICIPANTS,
        trigger_type=TriggerType.IMMEDIATE,
        participant_filter=action.participant_filter,
        guard_condition=action.guard_condition,
        source=Source.RULE_ACTION,
    )
    work.effects.append(StagedAutomation(work.effect_id, definition))


def _enroll_journey(work: _Work, action: EnrollJourney) -> None:
    _person(work)
    work.effects.append(JourneyEntry(work.effect_id, action.journey_id, work.rule.id))


def _exit_journey(work: _Work, action: actions.ExitJourney) -> None:
    _person(work)
    work.effects.append(JourneyExit(action.journey_id))


def _automation_name(work: _Work) -> str:
    """Unique in the program, as names of automations must be."""
    return f"{work.rule.name[:200]} {work.effect_id}"


_ACT: dict[type[Any], Callable[[_Work, Any], str | None]] = {
    SendMessage: _send_message,
    actions.SendWebhook: _send_webhook,
    actions.AddTag: _add_tag,
    actions.RemoveTag: _remove_tag,
    actions.SetAttribute: _set_attribute,
    actions.AddToCounter: _add_to_counter,
    actions.SetTier: _set_tier,
    actions.Assign: _assign,
    actions.AddNote: _add_note,
    actions.SetStatus: _set_status,
    actions.SetPriority: _set_priority,
    actions.AddLabel: _add_label,
    actions.RemoveLabel: _remove_label,
    actions.EmitEvent: _emit_event,
    actions.ScheduleEvent: _schedule_event,
    actions.Broadcast: _broadcast,
    EnrollJourney: _enroll_journey,
    actions.ExitJourney: _exit_journey,
}
