"""What a rule would have made of past events, beside what it would make of them once it is edited."""

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.expressions import SlowConditionError
from domain.rules.active_days import ActiveDays
from domain.rules.control import NOT_PAUSED
from domain.rules.gating import Circumstances, Decision, decide
from domain.rules.rule import Gate, Rule

_NOT_ASKED = Decision(False, Gate.CONDITIONS)


class SlowBaselineError(Exception):
    """Evaluating the conditions of the rule as it stands was stopped. The message tells no data."""


@dataclass(frozen=True, slots=True)
class PastEvent:
    """A stored event. `created_at`: when it was received; `at`: when it was put to the rules, or would be now.

    `subject_id`: its participant, or else its conversation. `chain`: the rules that led to it.
    """

    id: UUID
    type: str
    participant_id: UUID | None
    conversation_id: UUID | None
    subject_id: UUID
    chain: Sequence[UUID]
    data: Mapping[str, Any]
    created_at: datetime
    at: datetime


class Replay:
    """A rule that is put to past events in their order, as if it were active, and never snoozed nor paused.

    `matched`: the events that its conditions hold for. `executed`: those of them on which its schedule, rollout and
    cooldown let it act; the cooldown is of what it would have done, and before the first event it did nothing.
    """

    def __init__(self, rule: Rule) -> None:
        self._schedule = None if rule.schedule is None else ActiveDays(rule.schedule)
        self._rule = replace(rule, is_active=True, snoozed_until=None, schedule=None)
        self._executed_at: dict[UUID, datetime] = {}
        self.matched = 0
        self.executed = 0

    def ask(self, event: PastEvent, values: Mapping[str, object]) -> Decision:
        """Its `matched` is that of the conditions, also where the schedule is shut. Raises SlowConditionError."""
        if event.type != self._rule.trigger_type:
            return _NOT_ASKED
        decision = self._decide(event, values)
        self.matched += decision.matched
        if decision.stopped_by is None:
            self.executed += 1
            if self._rule.cooldown:
                self._executed_at[event.subject_id] = event.at
        return decision

    def _decide(self, event: PastEvent, values: Mapping[str, object]) -> Decision:
        at = Circumstances(event.at, event.subject_id, event.chain, NOT_PAUSED, values)
        decision = decide(self._rule, at, self._executed_at.get(event.subject_id))
        if self._schedule is None or self._schedule.is_active(event.at):
            return decision
        return replace(decision, stopped_by=Gate.SCHEDULE)


class Difference:
    """The events that only one of the two rules matches: how many, whose, and the newest few, the newest first."""

    def __init__(self, most_in_sample: int) -> None:
        self.count = 0
        self.participants: set[UUID] = set()
        self.sample: deque[PastEvent] = deque(maxlen=most_in_sample)

    def add(self, event: PastEvent) -> None:
        self.count += 1
        self.sample.appendleft(event)
        if event.participant_id is not None:
            self.participants.add(event.participant_id)


class Counterfactual:
    """Two rules over the same events. Without a `baseline` there is no rule yet, and nothing matches.

    `unchanged`: events that both match. `errors`: how often the edited conditions could not be evaluated, by reason.
    """

    def __init__(self, baseline: Rule | None, edited: Rule, most_in_sample: int) -> None:
        self.baseline = None if baseline is None else Replay(baseline)
        self.edited = Replay(edited)
        self.examined = 0
        self.newly_matching = Difference(most_in_sample)
        self.no_longer_matching = Difference(most_in_sample)
        self.unchanged = 0
        self.errors: Counter[str] = Counter()

    def look_at(self, event: PastEvent, values: Mapping[str, object]) -> None:
        """Events come in the order in which they were stored. `values`: what conditions see, as in Circumstances.

        Raises SlowConditionError for the edited rule, SlowBaselineError for the other.
        """
        self.examined += 1
        matched = self._baseline_matches(event, values)
        decision = self.edited.ask(event, values)
        if decision.error is not None:
            self.errors[decision.error] += 1
        if matched and decision.matched:
            self.unchanged += 1
        elif decision.matched:
            self.newly_matching.add(event)
        elif matched:
            self.no_longer_matching.add(event)

    def _baseline_matches(self, event: PastEvent, values: Mapping[str, object]) -> bool:
        if self.baseline is None:
            return False
        try:
            return self.baseline.ask(event, values).matched
        except SlowConditionError as error:
            raise SlowBaselineError(str(error)) from None
