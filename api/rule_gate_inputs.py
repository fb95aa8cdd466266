"""What each gate of a rule looks at, and as of when it is known."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.schemas.rule_run import RuleRunOut
from api.schemas.rule_run_explanation import GateInput
from domain.rules.gating import MAX_CHAIN
from domain.rules.rollout import bucket
from domain.rules.rule import Gate
from store.rule_control import state_of
from store.tables import AutomationControl, AutomationRule, Event

# Columns of the rule that a gate looks at; of a rule only what it is now is kept.
OF_RULE: dict[Gate, tuple[str, ...]] = {
    Gate.ACTIVE: ("is_active",),
    Gate.SNOOZE: ("snoozed_until",),
    Gate.SCHEDULE: ("schedule_settings",),
    Gate.CONDITIONS: ("condition_expression",),
    Gate.ROLLOUT: ("rollout_percentage",),
    Gate.COOLDOWN: ("cooldown_secs",),
}


@dataclass(frozen=True, slots=True)
class GateFacts:
    """`last_executed_at`: when the rule last acted for the subject, by now."""

    run: RuleRunOut
    rule: AutomationRule | None
    event: Event | None
    control: AutomationControl | None
    subject_id: UUID
    last_executed_at: datetime | None
    answered_at: datetime


def inputs_of(gate: Gate, facts: GateFacts) -> list[GateInput]:
    then, now = facts.run.created_at, facts.answered_at
    inputs = [GateInput(name=name, value=value, as_of=then) for name, value in _of_then(gate, facts).items()]
    if gate is Gate.PAUSE:
        state = state_of(facts.control)
        inputs += [
            GateInput(name="is_paused", value=state.is_paused, as_of=now),
            GateInput(name="paused_until", value=state.paused_until, as_of=now),
        ]
    if facts.rule is not None:
        inputs += [
            GateInput(name=name, value=getattr(facts.rule, name), as_of=now) for name in OF_RULE.get(gate, ())
        ]
    return inputs


def _of_then(gate: Gate, facts: GateFacts) -> dict[str, Any]:
    run = facts.run
    match gate:
        case Gate.LOOP if facts.event is not None:
            return {"rule_chain": facts.event.rule_chain, "most_rules": MAX_CHAIN}
        case Gate.ROLLOUT:
            return {"bucket": bucket(run.rule_id, facts.subject_id)}
        case Gate.COOLDOWN if facts.last_executed_at is not None and facts.last_executed_at < run.created_at:
            return {"last_executed_at": facts.last_executed_at}
        case Gate.ACTIONS:
            return {"actions": run.result.get("actions", [])}
        case _:
            return {}
