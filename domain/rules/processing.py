"""One event through the rules that listen to it, in their order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.expressions import SlowConditionError
from domain.message_content import MessageTemplate
from domain.rules.acting import Acted, Row, Stage, act
from domain.rules.control import ControlState
from domain.rules.effects import ActionStatus, Effect
from domain.rules.gating import Circumstances, Decision, decide
from domain.rules.rule import Gate, Rule


@dataclass(frozen=True, slots=True)
class EventFacts:
    """An event as rules see it. `chain`: the rules that led to it, the first one first."""

    id: UUID
    program_id: UUID
    type: str
    source: str
    data: dict[str, Any]
    participant_id: UUID | None
    conversation_id: UUID | None
    channel_source: str | None
    subject_id: UUID
    chain: tuple[UUID, ...]


@dataclass(slots=True)
class Scene:
    """The people and conversations at hand as they are by now, and when each rule last acted for a subject.

    `too_slow`: rules whose condition turned out slow, by why; they are not asked for it again.
    """

    participants: dict[UUID, Row]
    conversations: dict[UUID, Row]
    executed_at: dict[tuple[UUID, UUID], datetime] = field(default_factory=dict)
    too_slow: dict[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Views:
    """How rows are seen: by conditions, as `values_of(participant, conversation, event_data)`, and by templates.

    `templates`: those that messages of rules may be.
    """

    values_of: Callable[[Row | None, Row | None, Mapping[str, Any]], Mapping[str, object]]
    seen_as: Callable[[Row], dict[str, Any]]
    templates: Mapping[UUID, MessageTemplate] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What one rule made of the event. `results`: of its actions, where it got as far."""

    rule: Rule
    matched: bool
    executed: bool
    stopped_by: Gate | None
    result: dict[str, Any]
    effects: tuple[Effect, ...] = ()

    @property
    def held(self) -> bool:
        """Matched, and kept from acting on purpose."""
        return self.stopped_by in (Gate.ROLLOUT, Gate.COOLDOWN)


@dataclass(frozen=True, slots=True)
class ProcessedEvent:
    """`participant_rules`, `conversation_rules`: the rules that changed the one or the other. `participant`: as they
    have left them."""

    event: EventFacts
    outcomes: tuple[RuleOutcome, ...]
    participant_rules: tuple[UUID, ...]
    conversation_rules: tuple[UUID, ...]
    participant: Row | None


def process(
    event: EventFacts, rules: Sequence[Rule], scene: Scene, pause: ControlState, now: datetime, views: Views
) -> ProcessedEvent:
    """Ask each of `rules`, sorted, and carry out those that match; the scene moves on only when all is done.

    An executed match of a rule with `stop_on_match` is the last.
    """
    passing = _Passing(event, scene, pause, now, views)
    outcomes: list[RuleOutcome] = []
    for rule in rules:
        outcome = passing.ask(rule)
        outcomes.append(outcome)
        if outcome.executed and rule.stop_on_match:
            break
    passing.leave()
    return ProcessedEvent(
        event,
        tuple(outcomes),
        tuple(passing.participant_rules),
        tuple(passing.conversation_rules),
        passing.participant,
    )


class _Passing:
    """The event on its way: it sees what the rules before have changed."""

    def __init__(
        self, event: EventFacts, scene: Scene, pause: ControlState, now: datetime, views: Views
    ) -> None:
        self._event = event
        self._scene = scene
        self._pause = pause
        self._now = now
        self._views = views
        self._participant = scene.participants.get(event.participant_id) if event.participant_id else None
        self._conversation = scene.conversations.get(event.conversation_id) if event.conversation_id else None
        self._at = self._circumstances()
        self._executed: list[Rule] = []
        self.participant_rules: list[UUID] = []
        self.conversation_rules: list[UUID] = []

    def ask(self, rule: Rule) -> RuleOutcome:
        if rule.id in self._scene.too_slow:
            return self._too_slow(rule)
        last = self._scene.executed_at.get((rule.id, self._event.subject_id)) if rule.cooldown else None
        try:
            decision = decide(rule, self._at, last)
        except SlowConditionError as error:
            self._scene.too_slow[rule.id] = str(error)
            return self._too_slow(rule)
        if decision.stopped_by is not None:
            return RuleOutcome(rule, decision.matched, False, decision.stopped_by, _result_of(decision))
        return self._act(rule)

    @property
    def participant(self) -> Row | None:
        """As the rules have left them by now."""
        return self._participant

    def leave(self) -> None:
        """What the rules have changed holds for the events that come after."""
        if self.participant_rules:
            assert self._event.participant_id is not None and self._participant is not None
            self._scene.participants[self._event.participant_id] = self._participant
        if self.conversation_rules:
            assert self._event.conversation_id is not None and self._conversation is not None
            self._scene.conversations[self._event.conversation_id] = self._conversation
        for rule in self._executed:
            if rule.cooldown:
                self._scene.executed_at[rule.id, self._event.subject_id] = self._now

    def _act(self, rule: Rule) -> RuleOutcome:
        acted = act(
            rule,
            Stage(
                self._event.id,
                self._event.data,
                self._participant,
                self._conversation,
                self._now,
                self._views.seen_as,
                self._views.templates,
            ),
        )
        result = {"actions": [one.document() for one in acted.results]}
        if not acted.succeeded:
            return RuleOutcome(rule, True, False, Gate.ACTIONS, {**result, "error": _failure(acted)})
        self._executed.append(rule)
        self._follow(rule, acted)
        return RuleOutcome(rule, True, True, None, result, acted.effects)

    def _follow(self, rule: Rule, acted: Acted) -> None:
        if acted.participant != self._participant:
            self.participant_rules.append(rule.id)
        if acted.conversation != self._conversation:
            self.conversation_rules.append(rule.id)
        if acted.participant != self._participant or acted.conversation != self._conversation:
            self._participant, self._conversation = acted.participant, acted.conversation
            self._at = self._circumstances()

    def _too_slow(self, rule: Rule) -> RuleOutcome:
        return RuleOutcome(rule, False, False, Gate.CONDITIONS, {"error": self._scene.too_slow[rule.id]})

    def _circumstances(self) -> Circumstances:
        values = self._views.values_of(self._participant, self._conversation, self._event.data)
        return Circumstances(self._now, self._event.subject_id, self._event.chain, self._pause, values)


def _result_of(decision: Decision) -> dict[str, Any]:
    return {} if decision.error is None else {"error": decision.error}


def _failure(acted: Acted) -> str:
    failed = next(one for one in acted.results if one.status is ActionStatus.FAILED)
    return f"{failed.type}: {failed.reason}"
