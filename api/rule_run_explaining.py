"""Why a rule acted on an event or did not: what the run recorded, and what its gates looked at."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from api.errors import not_found
from api.rule_gate_inputs import GateFacts, inputs_of
from api.schemas.expression import ExplanationOut
from api.schemas.rule_run import RuleRunOut
from api.schemas.rule_run_explanation import (
    ExplainedConditions,
    ExplainedGate,
    RuleRunExplained,
    Unexplained,
    VariableAsOf,
)
from domain.expressions import RULE, compile_condition, explain
from domain.rules.gate_outcomes import gate_outcomes
from domain.rules.rule import Gate
from store.past_state import COLUMNS, with_state_at
from store.received_events import get_event
from store.rule_control import control_of
from store.rule_pages import read_one
from store.rule_run_lists import RunsWanted, runs_of
from store.rule_run_records import executed_at
from store.rule_subjects import conversations_of, participants_of
from store.rule_values import rule_values
from store.rules import get_rule
from store.tables import AutomationRule, Event, Program

# What is kept as it was, or never changes.
OF_THEN = frozenset(
    {
        "now",
        "event",
        "participant.id",
        "participant.created_at",
        *(f"participant.{column}" for column in COLUMNS.values()),
        "program.id",
        "conversation.id",
    }
)

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Subjects:
    """Whom a run was about, with the participant's state as it was then; None where there was nobody."""

    participant: Row | None
    conversation: Row | None
    missing: Unexplained | None = None


class RuleRunExplainer:
    """One per request, in a transaction that only reads."""

    def __init__(self, session: AsyncSession, program: Program) -> None:
        self._session = session
        self._program = program

    async def explain(self, run_id: UUID) -> RuleRunExplained:
        """Raises a Refusal (404)."""
        row = await read_one(self._session, runs_of(self._program.id, RunsWanted()), run_id)
        if row is None:
            raise not_found("Run")
        run, answered_at = RuleRunOut.model_validate(dict(row)), datetime.now(UTC)
        rule = await get_rule(self._session, self._program.id, run.rule_id)
        event = await get_event(self._session, run.event_id)
        facts = await self._facts(run, rule, event, answered_at)
        subjects = await self._subjects(run)
        unexplained = _unexplained(rule, event, subjects)
        conditions = None
        if unexplained is None:
            assert rule is not None and event is not None
            conditions = await self._conditions(run, rule, event, subjects, answered_at)
        return RuleRunExplained(
            run=run,
            as_of=run.created_at,
            rule_changed_since=None if rule is None else rule.updated_at > run.created_at,
            gates=[
                ExplainedGate(gate=gate, open=is_open, inputs=inputs_of(gate, facts))
                for gate, is_open in gate_outcomes(run.stopped_by)
            ],
            conditions=conditions,
            unexplained=unexplained,
            actions=run.result.get("actions", []),
            error=run.result.get("error"),
        )

    async def _facts(
        self, run: RuleRunOut, rule: AutomationRule | None, event: Event | None, answered_at: datetime
    ) -> GateFacts:
        subject_id = run.contact_id or run.conversation_id or run.event_id
        last = await executed_at(self._session, {run.rule_id}, {subject_id})
        return GateFacts(
            run=run,
            rule=rule,
            event=event,
            control=await control_of(self._session, self._program.id),
            subject_id=subject_id,
            last_executed_at=last.get((run.rule_id, subject_id)),
            answered_at=answered_at,
        )

    async def _subjects(self, run: RuleRunOut) -> Subjects:
        participant = conversation = None
        if run.contact_id is not None:
            participant = (await participants_of(self._session, [run.contact_id])).get(run.contact_id)
            if participant is None:
                return Subjects(None, None, Unexplained.PARTICIPANT_ERASED)
            participant = await with_state_at(self._session, participant, run.created_at)
        if run.conversation_id is not None:
            found = await conversations_of(self._session, [run.conversation_id])
            conversation = found.get(run.conversation_id)
            if conversation is None:
                return Subjects(participant, None, Unexplained.CONVERSATION_DELETED)
        return Subjects(participant, conversation)

    async def _conditions(
        self, run: RuleRunOut, rule: AutomationRule, event: Event, subjects: Subjects, answered_at: datetime
    ) -> ExplainedConditions:
        assert rule.condition_expression is not None
        condition = await asyncio.to_thread(compile_condition, rule.condition_expression, RULE)
        values = rule_values(
            self._program, run.created_at, subjects.participant, subjects.conversation, event.event_data
        )
        explanation = await asyncio.to_thread(explain, condition, values, run.created_at)
        held = dict(gate_outcomes(run.stopped_by))[Gate.CONDITIONS]
        return ExplainedConditions(
            expression=condition.text,
            matched=explanation.matched,
            agrees_with_record=None if held is None else explanation.matched is held,
            variables=[
                VariableAsOf(name=name, as_of=run.created_at if name in OF_THEN else answered_at)
                for name in sorted(condition.variables)
            ],
            explanation=ExplanationOut.model_validate(explanation),
        )


def _unexplained(rule: AutomationRule | None, event: Event | None, subjects: Subjects) -> Unexplained | None:
    if rule is None:
        return Unexplained.RULE_DELETED
    if rule.condition_expression is None:
        return Unexplained.NO_CONDITIONS
    return Unexplained.EVENT_GONE if event is None else subjects.missing
