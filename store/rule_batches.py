"""All that a batch of events needs to be processed, read in a few statements."""

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from time import thread_time
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import EnrollJourney
from domain.expressions import RULE, Condition, compile_condition, with_breaker
from domain.expressions.limits import CACHED_CONDITIONS
from domain.message_content import MessageTemplate
from domain.rules.acting import Row
from domain.rules.processing import EventFacts, Scene, Views
from domain.rules.rule import Rule
from domain.segments import SEGMENTS
from store.compiled_rules import rule_of
from store.message_templates import current_templates
from store.participant_values import template_values
from store.rule_run_records import executed_at
from store.rule_subjects import conversations_of, participants_of
from store.rule_values import rule_values
from store.tables import AutomationRule, Program

MOST_KEPT = 20_000
_LISTENING = text(
    "SELECT id, updated_at FROM automation_rule WHERE is_active AND program_id = ANY(CAST(:programs AS uuid[])) "
    "AND trigger_type = ANY(CAST(:types AS text[])) ORDER BY priority, created_at, id"
)
# What this process has compiled, by id and as of which update. A rule is compiled once and asked millions of times.
_kept: OrderedDict[UUID, tuple[datetime, Rule]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Batch:
    """`before`: people and conversations as they were read; `scene`: as processing leaves them."""

    programs: Mapping[UUID, Program]
    before: Scene
    scene: Scene
    _templates: Mapping[UUID, MessageTemplate]
    _rules: Mapping[tuple[UUID, str], Sequence[Rule]]

    def rules_for(self, event: EventFacts) -> Sequence[Rule]:
        """The active rules that listen to the event, in their order."""
        return self._rules.get((event.program_id, event.type), ())

    def views(self, program_id: UUID, now: datetime) -> Views:
        return Views(_values_of(self.programs[program_id], now), template_values, self._templates)


async def load_batch(
    session: AsyncSession,
    events: Sequence[EventFacts],
    also: Collection[UUID] = (),
    *,
    with_segments: bool = False,
) -> Batch:
    """The people and conversations that rules may change are locked until the transaction ends, and `also` others.

    `with_segments`: people come with their segments even if no rule asks for them.
    """
    programs = await _programs(session, {event.program_id for event in events})
    rules = await _rules(session, events)
    heard = [event for event in events if (event.program_id, event.type) in rules]
    all_rules = [rule for listening in rules.values() for rule in listening]
    with_segments |= any(_asks_for_segments(rule) for rule in all_rules)
    participants = await participants_of(
        session,
        {event.participant_id for event in heard if event.participant_id} | set(also),
        with_segments=with_segments,
        lock=True,
    )
    conversations = await conversations_of(
        session, {event.conversation_id for event in heard if event.conversation_id}, lock=True
    )
    cooling = {rule.id for rule in all_rules if rule.cooldown}
    cooldowns = await executed_at(session, cooling, {event.subject_id for event in heard})
    return Batch(
        programs,
        Scene(dict(participants), dict(conversations)),
        Scene(dict(participants), dict(conversations), cooldowns),
        await current_templates(session, {id_ for rule in all_rules for id_ in rule.template_ids}),
        rules,
    )


def _asks_for_segments(rule: Rule) -> bool:
    """The audience of a journey that it lets people into may."""
    if any(isinstance(action, EnrollJourney) for action in rule.actions):
        return True
    return rule.condition is not None and SEGMENTS in rule.condition.variables


async def _programs(session: AsyncSession, ids: set[UUID]) -> dict[UUID, Program]:
    found = await session.exec(select(Program).where(col(Program.id).in_(ids)))
    return {program.id: program for program in found}


async def _rules(session: AsyncSession, events: Sequence[EventFacts]) -> dict[tuple[UUID, str], list[Rule]]:
    """By program and type of event, in their order. Only those that are new or have changed are read whole."""
    found = await session.execute(
        _LISTENING,
        {
            "programs": list({event.program_id for event in events}),
            "types": list({event.type for event in events}),
        },
    )
    versions = [(row.id, row.updated_at) for row in found]
    known = {id_: rule for id_, version in versions if (rule := _kept_rule(id_, version)) is not None}
    known |= await _read_rules(session, [id_ for id_, _ in versions if id_ not in known])
    rules: dict[tuple[UUID, str], list[Rule]] = {}
    for rule in (known[id_] for id_, _ in versions if id_ in known):
        rules.setdefault((rule.program_id, rule.trigger_type), []).append(rule)
    return rules


async def _read_rules(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Rule]:
    if not ids:
        return {}
    read: dict[UUID, Rule] = {}
    for stored in await session.exec(select(AutomationRule).where(col(AutomationRule.id).in_(ids))):
        read[stored.id] = _guarded(rule_of(stored))
        _kept[stored.id] = (stored.updated_at, read[stored.id])
        if len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return read


def _kept_rule(id_: UUID, version: datetime) -> Rule | None:
    kept = _kept.get(id_)
    return kept[1] if kept is not None and kept[0] == version else None


def _guarded(rule: Rule) -> Rule:
    return rule if rule.condition is None else replace(rule, condition=_timed(rule.id, rule.condition.text))


@lru_cache(maxsize=CACHED_CONDITIONS)
def _timed(rule_id: UUID, expression: str) -> Condition:
    """One for all batches, as whether a condition is slow shows over many evaluations; and one for each rule, as it
    is slow on some people's data and not on others'."""
    return with_breaker(compile_condition(expression, RULE), thread_time)


def _values_of(
    program: Program, now: datetime
) -> Callable[[Row | None, Row | None, Mapping[str, Any]], Mapping[str, object]]:
    return partial(rule_values, program, now)
