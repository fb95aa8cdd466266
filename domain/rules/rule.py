"""A rule as it is evaluated: compiled, and apart from how it is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from domain.expressions import Comparison, Condition
from domain.message_template_rules import template_use
from domain.rules.actions import RuleAction
from domain.rules.schedule_settings import ScheduleSettings


class Gate(StrEnum):
    """What can keep a rule from acting, in the order in which it is asked."""

    ACTIVE = "active"
    SNOOZE = "snooze"
    PAUSE = "pause"
    SCHEDULE = "schedule"
    LOOP = "loop"
    CONDITIONS = "conditions"
    ROLLOUT = "rollout"
    COOLDOWN = "cooldown"
    ACTIONS = "actions"


@dataclass(frozen=True, slots=True)
class Rule:
    """`condition`: None matches always; `necessary`: what it takes at least. `cooldown`: at least so long between two executions for one subject."""

    id: UUID
    program_id: UUID
    name: str
    is_active: bool
    trigger_type: str
    condition: Condition | None
    necessary: tuple[Comparison, ...]
    actions: tuple[RuleAction, ...]
    priority: int
    rollout_percentage: int
    stop_on_match: bool
    cooldown: timedelta
    snoozed_until: datetime | None
    schedule: ScheduleSettings | None

    @property
    def template_ids(self) -> frozenset[UUID]:
        """The message templates that it sends."""
        uses = (template_use(action) for action in self.actions)
        return frozenset(use[0] for use in uses if use is not None)
