"""What a participant_state automation looks at in a participant: whether they match, and when they are due."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from time import thread_time
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.automation import AutomationStatus, MissedRunPolicy, ScheduleType
from domain.expressions import Condition, SlowConditionError, compile_condition, with_breaker
from domain.expressions.limits import CACHED_CONDITIONS
from domain.participant_state import (
    AttributeDateConfig,
    Person,
    Rhythm,
    Standing,
    SubscriptionStatus,
    ThresholdConfig,
    cancelled,
    follow,
    parse_schedule_config,
    rebase,
    subscribe,
)
from domain.schedules import DstPolicy
from store.participant_values import ParticipantValues, Row
from store.tables import Automation, Program

_LOCK_NAMESPACE = 0x5B5C
"""Of the advisory locks on a program's participants and their subscriptions."""
WRITERS_LOCK = "SELECT pg_advisory_xact_lock_shared(:space, :key)"

Compile = Callable[[str], Condition]


def compile_timed(expression: str) -> Condition:
    """A condition that raises SlowConditionError once its own evaluations have shown to be slow."""
    return with_breaker(compile_condition(expression), thread_time)


@lru_cache(maxsize=CACHED_CONDITIONS)
def compile_timed_for(automation_id: UUID, expression: str) -> Condition:
    """One for all changes of participants: whether a filter is slow shows over many of them."""
    return compile_timed(expression)


class Watch:
    """An automation's filter and rhythm as of one instant, applied to participants' rows that hold `columns`.

    `rebasing`: nothing is due by `now`; what was is dropped. `slow`: why the filter is no longer asked, once it has
    turned out slow: who is subscribed then stays so, and nobody else begins.
    """

    def __init__(
        self,
        automation: Automation,
        program: Program,
        now: datetime,
        *,
        rebasing: bool = False,
        slow: str | None = None,
        compile_filter: Compile = compile_timed,
    ) -> None:
        self.automation_id = automation.id
        self.slow = slow
        self.rhythm = rhythm_of(automation)
        self._now = now
        self._replan = rebase if rebasing or automation.status != AutomationStatus.ACTIVE.value else follow
        self._condition = self._values = None
        if automation.participant_filter is not None:
            self._condition = compile_filter(automation.participant_filter)
            self._values = ParticipantValues(self._condition, program, now)
        filtered = self._values.columns if self._values else ()
        self.columns = tuple(sorted({"id", "timezone", _document_of(self.rhythm), *filtered}))

    def matches(self, row: Row) -> bool | None:
        """None for a filter that is too slow to tell."""
        if self._condition is None or self._values is None:
            return True
        if self.slow is not None:
            return None
        try:
            return self._condition.evaluate(self._values.of(row)).matched
        except SlowConditionError as error:
            self.slow = str(error)
            return None

    def person(self, row: Row) -> Person:
        return Person(row.get("attributes") or {}, row.get("counters") or {}, row["timezone"])

    def standing(self, row: Row, before: Row | None, held: Standing | None) -> Standing | None:
        """The standing of a participant who is as `row` says, and was as `before` says; None for no subscription."""
        if held is None or held.status is SubscriptionStatus.CANCELLED:
            return self._begun(row, before, held) if self.matches(row) else held
        if self.matches(row) is False:
            return cancelled(held)
        return self._replan(self.rhythm, held, self.person(row), self._now)

    def _begun(self, row: Row, before: Row | None, earlier: Standing | None) -> Standing | None:
        person = self.person(row)
        known = self.person(before) if before is not None else None
        begun = subscribe(self.rhythm, person, known, earlier, self._now)
        return earlier if begun is None else self._replan(self.rhythm, begun, person, self._now)


def rhythm_of(automation: Automation) -> Rhythm:
    return Rhythm(
        config=parse_schedule_config(
            ScheduleType(automation.schedule_type or ""), automation.schedule_config or {}
        ),
        timezone=automation.timezone,
        dst_policy=DstPolicy.model_validate(automation.dst_policy),
        missed_run_policy=MissedRunPolicy(automation.missed_run_policy),
    )


async def lock_as_writer_of_participants(session: AsyncSession, program_id: UUID) -> None:
    """Let no refresh look at the program's participants until this transaction has ended.

    Taken before reading which automations watch, so that one of the two sees what the other did. Any number may
    hold it.
    """
    await session.execute(text(WRITERS_LOCK), lock_key(program_id))


async def lock_as_refresh(session: AsyncSession, program_id: UUID) -> None:
    """Wait for those who write participants of the program, and let none begin until this transaction has ended."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:space, :key)"), lock_key(program_id))


def lock_key(program_id: UUID) -> dict[str, int]:
    return {"space": _LOCK_NAMESPACE, "key": int.from_bytes(program_id.bytes[:4], signed=True)}


def _document_of(rhythm: Rhythm) -> str:
    """The document that a plan depends on, if any; the zone, which every row holds, otherwise."""
    match rhythm.config:
        case AttributeDateConfig():
            return "attributes"
        case ThresholdConfig():
            return "counters"
    return "timezone"
