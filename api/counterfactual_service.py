"""An edited rule beside the rule as it stands, over the events that are stored; nothing comes of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from time import thread_time
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from api.counterfactual_answer import Examined, answer_of
from api.dependencies import SessionDep
from api.errors import invalid, not_found
from api.rule_access import Supervised
from api.rule_drafts import RuleDraft, checked_expression
from api.schemas.counterfactual import AskCounterfactual, CounterfactualOut
from api.slots import Slots
from domain.expressions import SlowConditionError, with_breaker
from domain.rules.counterfactual import Counterfactual, PastEvent, SlowBaselineError
from domain.rules.rule import Rule
from store.compiled_rules import rule_of
from store.event_history import EventHistory, RecordedRuns, newest_left_out, pages_behind, recorded_runs
from store.past_scenes import PastScene, past_scene
from store.rule_pages import plan_for_lists
from store.rule_subjects import participants_of
from store.rules import get_rule
from store.snapshot import hold_snapshot
from store.tables import AutomationRule, Program

LONGEST = timedelta(minutes=2)
NAME_OF_NEW = "counterfactual"
# Beside its conditions, what of a rule may be edited.
COLUMNS = frozenset({"trigger_type", "rollout_percentage", "cooldown_secs", "schedule_settings"})


@dataclass(frozen=True, slots=True)
class Pair:
    """`baseline`: the rule as it stands, None where there is none yet."""

    baseline: Rule | None
    edited: Rule

    @property
    def both(self) -> Sequence[Rule]:
        return [self.edited] if self.baseline is None else [self.baseline, self.edited]

    @property
    def types(self) -> frozenset[str]:
        return frozenset(rule.trigger_type for rule in self.both)

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(name for rule in self.both if rule.condition for name in rule.condition.variables)


class CounterfactualService:
    """One per request, in a transaction that only reads."""

    def __init__(self, session: AsyncSession, program: Program, slots: Slots) -> None:
        self._session = session
        self._program = program
        self._slots = slots

    async def compare(self, request: AskCounterfactual) -> CounterfactualOut:
        """Raises a Refusal for a rule that is none or could not be saved, and for what takes too long."""
        async with self._slots.one():
            try:
                async with asyncio.timeout(LONGEST.total_seconds()) as limit:
                    return await self._compare(request)
            except TimeoutError:
                if not limit.expired():
                    raise
        reason = f"looking at them takes longer than {LONGEST.total_seconds():.0f} seconds"
        raise invalid("max_events", reason, "fewer events, or simpler conditions")

    async def _compare(self, request: AskCounterfactual) -> CounterfactualOut:
        await hold_snapshot(self._session)
        await plan_for_lists(self._session)
        pair = await self._pair(request)
        until = datetime.now(UTC)
        history = EventHistory(self._program.id, pair.types, until - timedelta(days=request.days), until)
        examined = await self._examine(pair, history, request)
        shown = [*examined.outcome.newly_matching.sample, *examined.outcome.no_longer_matching.sample]
        ids = {event.participant_id for event in shown if event.participant_id}
        people = await participants_of(self._session, ids, with_segments=False)
        return answer_of(request.rule_id, examined, pair.variables, people)

    async def _examine(self, pair: Pair, history: EventHistory, request: AskCounterfactual) -> Examined:
        left_out = await newest_left_out(self._session, history, request.max_events)
        outcome = Counterfactual(pair.baseline, pair.edited, request.sample)
        recorded = RecordedRuns()
        oldest: datetime | None = None
        async for page in pages_behind(self._session, history, left_out):
            oldest = oldest or page[0].created_at
            scene = await past_scene(self._session, self._program, page, pair.variables)
            if pair.baseline is not None:
                recorded += await recorded_runs(self._session, pair.baseline.id, page)
            await _look_at(outcome, page, scene)
        since = history.since if left_out is None or oldest is None else oldest
        return Examined(outcome, recorded, since, history.until, left_out is not None)

    async def _pair(self, request: AskCounterfactual) -> Pair:
        """The edit is checked as it would be when it is saved. Raises a Refusal."""
        sent = request.model_fields_set
        columns = request.model_dump(mode="json", include=set(COLUMNS & sent))
        expression = await checked_expression(self._session, self._program, RuleDraft(request.conditions))
        if "conditions" in sent:
            columns["condition_expression"] = expression
        if request.rule_id is None:
            if request.trigger_type is None:
                raise invalid("rule_id", "required", "rule_id, or trigger_type of a new rule")
            new = AutomationRule(program_id=self._program.id, name=NAME_OF_NEW, **columns)
            return Pair(None, _guarded(new))
        stored = await get_rule(self._session, self._program.id, request.rule_id)
        if stored is None:
            raise not_found("Rule")
        return Pair(_guarded(stored), _guarded(AutomationRule(**stored.model_dump() | columns)))


async def _look_at(outcome: Counterfactual, page: Sequence[PastEvent], scene: PastScene) -> None:
    """Raises a Refusal when a condition is too slow on what it meets."""

    def look_at_all() -> None:
        for event in page:
            outcome.look_at(event, scene.values_of(event))

    try:
        await asyncio.to_thread(look_at_all)
    except SlowConditionError as error:
        raise invalid("conditions", str(error), "a simpler expression") from None
    except SlowBaselineError as error:
        raise invalid("rule_id", str(error), "a rule with a simpler expression") from None


def _guarded(stored: AutomationRule) -> Rule:
    rule = rule_of(stored)
    if rule.condition is None:
        return rule
    return replace(rule, condition=with_breaker(rule.condition, thread_time))


async def _service(session: SessionDep, supervision: Supervised, request: Request) -> CounterfactualService:
    slots: Slots = request.app.state.replay_slots
    return CounterfactualService(session, supervision.program, slots)


CounterfactualServiceDep = Annotated[CounterfactualService, Depends(_service, scope="function")]
