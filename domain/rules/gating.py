"""Whether a rule acts on an event: its gates, one after the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from domain.rules.active_intervals import is_active
from domain.rules.control import ControlState
from domain.rules.rollout import is_rolled_out
from domain.rules.rule import Gate, Rule

# So many rules may have led to an event, one causing the next; none of them reacts to it again.
MAX_CHAIN = 10


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the gates look at beside the rule.

    `subject`: whom the event is about, its participant or else its conversation. `chain`: the rules that led to
    the event.
    """

    now: datetime
    subject: UUID
    chain: Sequence[UUID]
    pause: ControlState
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Decision:
    """`stopped_by` is None when the rule is to act. `error`: why the condition could not be evaluated."""

    matched: bool
    stopped_by: Gate | None
    error: str | None = None


# What becomes of nearly all: made once, as a busy pump asks a hundred thousand times a second.
_NOT_MET = Decision(False, Gate.CONDITIONS)
_TO_ACT = Decision(True, None)


def decide(rule: Rule, at: Circumstances, last_executed_at: datetime | None = None) -> Decision:
    """The gates in their order; the first one that is shut decides.

    `last_executed_at`: when the rule last acted for this subject.
    """
    before = _before_conditions(rule, at)
    if before is not None:
        return Decision(False, before)
    if rule.condition is not None:
        if any(comparison.is_false(at.values) for comparison in rule.necessary):
            return _NOT_MET
        verdict = rule.condition.evaluate(at.values)
        if not verdict.matched:
            return Decision(False, Gate.CONDITIONS, verdict.error)
    gate = _after_conditions(rule, at, last_executed_at)
    return _TO_ACT if gate is None else Decision(True, gate)


# The events of a batch are all judged at one instant, and by many rules that rest alike.
_is_scheduled = lru_cache(maxsize=4_096)(is_active)


def _before_conditions(rule: Rule, at: Circumstances) -> Gate | None:
    if not rule.is_active:
        return Gate.ACTIVE
    if rule.snoozed_until is not None and rule.snoozed_until > at.now:
        return Gate.SNOOZE
    if at.pause.holds(at.now):
        return Gate.PAUSE
    if rule.schedule is not None and not _is_scheduled(rule.schedule, at.now):
        return Gate.SCHEDULE
    if rule.id in at.chain or len(at.chain) >= MAX_CHAIN:
        return Gate.LOOP
    return None


def _after_conditions(rule: Rule, at: Circumstances, last_executed_at: datetime | None) -> Gate | None:
    if not is_rolled_out(rule.id, at.subject, rule.rollout_percentage):
        return Gate.ROLLOUT
    if last_executed_at is not None and at.now < last_executed_at + rule.cooldown:
        return Gate.COOLDOWN
    return None
