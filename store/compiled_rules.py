"""Stored rules in the shape in which they are evaluated."""

from datetime import timedelta
from functools import lru_cache

from domain.canonical_json import canonical_json
from domain.expressions import RULE, Comparison, Condition, compile_condition, necessary_comparisons
from domain.rules.actions import ACTIONS, RuleAction
from domain.rules.rule import Rule
from domain.rules.schedule_settings import ScheduleSettings
from store.tables import AutomationRule

KEPT = 4_096


def rule_of(stored: AutomationRule) -> Rule:
    """What was checked when it was saved is read without being checked anew."""
    condition = _condition(stored.condition_expression)
    return Rule(
        id=stored.id,
        program_id=stored.program_id,
        name=stored.name,
        is_active=stored.is_active,
        trigger_type=stored.trigger_type,
        condition=condition,
        necessary=() if condition is None else _necessary(condition.text),
        actions=_actions(canonical_json(stored.actions)),
        priority=stored.priority,
        rollout_percentage=stored.rollout_percentage,
        stop_on_match=stored.stop_on_match,
        cooldown=timedelta(seconds=stored.cooldown_secs),
        snoozed_until=stored.snoozed_until,
        schedule=schedule_of(stored),
    )


def schedule_of(stored: AutomationRule) -> ScheduleSettings | None:
    """None: active all the time."""
    settings = stored.schedule_settings
    return None if settings is None else ScheduleSettings.model_validate(settings)


def _condition(expression: str | None) -> Condition | None:
    return None if expression is None else compile_condition(expression, RULE)


@lru_cache(maxsize=KEPT)
def _necessary(expression: str) -> tuple[Comparison, ...]:
    return necessary_comparisons(compile_condition(expression, RULE))


@lru_cache(maxsize=KEPT)
def _actions(document: str) -> tuple[RuleAction, ...]:
    return ACTIONS.validate_json(document)
