"""Trying a rule on an event that has not happened: the way events go, and nothing comes of it."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession

from api.documents import refuse_beyond_limits
from api.errors import invalid, not_found
from api.participant_service import participant_named
from api.rule_drafts import RuleDraft, checked_expression
from api.schemas.expression import ExplanationOut
from api.schemas.rule_dry_run import DryRun, DryRunOut, GateOut, SimulatedAction
from domain.actions import EnrollJourney, SendMessage
from domain.events import API_SOURCE
from domain.expressions import explain
from domain.rules.actions import (
    AddNote,
    Broadcast,
    EmitEvent,
    ExitJourney,
    RuleAction,
    ScheduleEvent,
    SendWebhook,
)
from domain.rules.control import NOT_PAUSED, ControlState
from domain.rules.effects import ActionStatus, Effect, QueuedMessage, StagedAutomation
from domain.rules.gate_outcomes import gate_outcomes
from domain.rules.processing import EventFacts, RuleOutcome, Scene, Views, process
from domain.rules.rule import Gate, Rule
from domain.send_policy import USUAL_POLICY
from store.compiled_rules import rule_of
from store.conversations import contacts_of
from store.message_templates import current_templates
from store.participant_values import template_values
from store.rule_control import control_of, state_of
from store.rule_run_records import executed_at
from store.rule_subjects import conversations_of, participants_of
from store.rule_values import rule_values
from store.rules import get_rule
from store.tables import AutomationRule, Program

INLINE = ("trigger_type", "conditions", "actions")
NAME_OF_UNSAVED = "dry run"
GATES_OF_UNSAVED = (Gate.CONDITIONS, Gate.ACTIONS)
# Each of these has one effect beyond the participant and the conversation.
REACHING_OUT = (
    SendMessage,
    SendWebhook,
    AddNote,
    EmitEvent,
    ScheduleEvent,
    Broadcast,
    EnrollJourney,
    ExitJourney,
)
OWN_IDS = frozenset({"id", "rule_id"})


@dataclass(frozen=True, slots=True)
class Trial:
    """A rule, the gates that it has, and whether the program rests."""

    rule: Rule
    gates: Sequence[Gate]
    pause: ControlState


class DryRunService:
    """One per request, in a transaction that only reads."""

    def __init__(self, session: AsyncSession, program: Program) -> None:
        self._session = session
        self._program = program

    async def try_out(self, request: DryRun) -> DryRunOut:
        """Raises a Refusal for a rule, a person or a conversation that is none, as saving and receiving would."""
        refuse_beyond_limits(event_payload=request.event_payload)
        trial = await self._trial(request)
        event = await self._event(request, trial.rule)
        people, conversations = _ids(event.participant_id), _ids(event.conversation_id)
        scene = Scene(
            dict(await participants_of(self._session, people)),
            dict(await conversations_of(self._session, conversations)),
            await executed_at(self._session, {trial.rule.id}, {event.subject_id}),
        )
        now = datetime.now(UTC)
        templates = await current_templates(self._session, trial.rule.template_ids)
        views = Views(partial(rule_values, self._program, now), template_values, templates)
        return await asyncio.to_thread(self._outcome, trial, event, scene, now, views)

    async def _trial(self, request: DryRun) -> Trial:
        if request.rule_id is not None:
            for name in INLINE:
                if name in request.model_fields_set:
                    raise invalid(name, "given beside rule_id", "a stored rule, or one that is not saved")
            stored = await get_rule(self._session, self._program.id, request.rule_id)
            if stored is None:
                raise not_found("Rule")
            pause = state_of(await control_of(self._session, self._program.id))
            return Trial(rule_of(stored), tuple(Gate), pause)
        if request.trigger_type is None:
            raise invalid("rule_id", "required", "rule_id, or trigger_type with conditions and actions")
        return Trial(await self._unsaved(request, request.trigger_type), GATES_OF_UNSAVED, NOT_PAUSED)

    async def _unsaved(self, request: DryRun, trigger_type: str) -> Rule:
        draft = RuleDraft(request.conditions, request.actions)
        expression = await checked_expression(self._session, self._program, draft)
        return rule_of(
            AutomationRule(
                program_id=self._program.id,
                name=NAME_OF_UNSAVED,
                trigger_type=trigger_type,
                condition_expression=expression,
                actions=[action.model_dump(mode="json") for action in request.actions],
            )
        )

    async def _event(self, request: DryRun, rule: Rule) -> EventFacts:
        data = {"type": rule.trigger_type, **request.event_payload}
        if data["type"] != rule.trigger_type:
            raise invalid("event_payload.type", "not what the rule reacts to", rule.trigger_type)
        contact_id = await self._contact_id(request.conversation_id)
        person = await participant_named(
            self._session, self._program.id, request.participant_id, request.external_id
        )
        participant_id = contact_id if person is None else person.id
        event_id = uuid4()
        return EventFacts(
            id=event_id,
            program_id=self._program.id,
            type=rule.trigger_type,
            source=API_SOURCE,
            data=data,
            participant_id=participant_id,
            conversation_id=request.conversation_id,
            channel_source=None,
            subject_id=participant_id or request.conversation_id or event_id,
            chain=(),
        )

    async def _contact_id(self, conversation_id: UUID | None) -> UUID | None:
        if conversation_id is None:
            return None
        contacts = await contacts_of(self._session, self._program.id, [conversation_id])
        if conversation_id not in contacts:
            raise not_found("Conversation")
        return contacts[conversation_id]

    def _outcome(
        self, trial: Trial, event: EventFacts, scene: Scene, now: datetime, views: Views
    ) -> DryRunOut:
        explanation = self._explanation(trial.rule, event, scene, now)
        (outcome,) = process(event, [trial.rule], scene, trial.pause, now, views).outcomes
        return DryRunOut(
            matched=outcome.matched,
            would_execute=outcome.executed,
            stopped_by=outcome.stopped_by,
            gates=[
                GateOut(gate=gate, open=is_open)
                for gate, is_open in gate_outcomes(outcome.stopped_by, trial.gates)
            ],
            conditions=explanation,
            actions=_actions(outcome),
        )

    def _explanation(
        self, rule: Rule, event: EventFacts, scene: Scene, now: datetime
    ) -> ExplanationOut | None:
        if rule.condition is None:
            return None
        participant = scene.participants.get(event.participant_id) if event.participant_id else None
        conversation = scene.conversations.get(event.conversation_id) if event.conversation_id else None
        values = rule_values(self._program, now, participant, conversation, event.data)
        return ExplanationOut.model_validate(explain(rule.condition, values, now))


def _ids(id_: UUID | None) -> list[UUID]:
    return [] if id_ is None else [id_]


def _actions(outcome: RuleOutcome) -> list[SimulatedAction]:
    effects = iter(outcome.effects)
    return [
        SimulatedAction(
            **result,
            effect=_effect(action, effects)
            if outcome.executed and result["status"] == ActionStatus.DONE
            else None,
        )
        for action, result in zip(outcome.rule.actions, outcome.result.get("actions", ()), strict=False)
    ]


def _effect(action: RuleAction, effects: Iterator[Effect]) -> dict[str, Any]:
    """What leaves the rule, or else what the action makes of the participant or the conversation."""
    if not isinstance(action, REACHING_OUT):
        return action.model_dump(mode="json", exclude={"type"})
    effect = next(effects)
    if isinstance(effect, StagedAutomation):
        return effect.definition.model_dump(mode="json", exclude_defaults=True)
    shown = asdict(effect)
    if isinstance(effect, QueuedMessage):
        shown["options"] = effect.options.stored()
        shown["sending"] = None if effect.sending == USUAL_POLICY else effect.sending
    return {name: value for name, value in shown.items() if name not in OWN_IDS and value is not None}
