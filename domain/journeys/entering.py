"""Whether a participant may enter a journey: its gates, one after the other.

They are the same whatever led here: an event, a segment, a birthday, a rule, an automation, another journey.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from domain.expressions import Condition
from domain.journeys.definition import (
    FrequencyLimiter,
    JourneyDefinition,
    LimiterDuration,
    LimiterMode,
    LimiterUnit,
    OverlapLimiter,
    OverlapMode,
)
from domain.journeys.event_patterns import audience_condition
from domain.participant import ParticipantStatus
from domain.rules.gating import MAX_CHAIN

_LINKS = UUID("6a0b3f0c-7d0e-4c53-9f2f-3f1b8d1f5e57")
_UNIT = {
    LimiterUnit.HOURS: timedelta(hours=1),
    LimiterUnit.DAYS: timedelta(days=1),
    LimiterUnit.WEEKS: timedelta(weeks=1),
}


class EntryRefusal(StrEnum):
    """Why somebody was not let in, in the order in which the gates are asked; the first one shut is told."""

    JOURNEY_NOT_ENABLED = "journey_not_enabled"
    LOOP = "loop"
    PARTICIPANT_NOT_ACTIVE = "participant_not_active"
    AUDIENCE = "audience"
    ENTERED_BEFORE = "entered_before"
    ENTERED_WITHIN_INTERVAL = "entered_within_interval"
    CURRENTLY_IN_ANOTHER = "currently_in_another"
    RECENTLY_IN_ANOTHER = "recently_in_another"


@dataclass(frozen=True, slots=True)
class Passage:
    """A participant's times in one journey. One that ended before its first step does not count.

    `is_inside`: beyond its quiet time. `last_left_at`: the end of a time that is over.
    """

    last_entered_at: datetime | None = None
    is_inside: bool = False
    last_left_at: datetime | None = None

    def with_past(self, entered_at: datetime, left_at: datetime) -> "Passage":
        """With a time that is over."""
        return Passage(
            _later(self.last_entered_at, entered_at), self.is_inside, _later(self.last_left_at, left_at)
        )

    def with_current(self, times: Sequence[tuple[datetime, bool]]) -> "Passage":
        """With times that go on: when each began, and whether it only waits for the end of the quiet time."""
        entered_at = self.last_entered_at
        for began_at, _ in times:
            entered_at = _later(entered_at, began_at)
        return Passage(entered_at, any(not is_waiting for _, is_waiting in times), self.last_left_at)


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


NEVER = Passage()


@dataclass(frozen=True, slots=True)
class Applicant:
    """What the gates look at of somebody. `passages`: theirs by journey, without those they never were in. `chain`:
    the rules and journeys that lead them here."""

    status: str
    in_audience: bool = True
    passages: Mapping[str, Passage] = field(default_factory=dict)
    chain: Sequence[UUID] = ()


def chain_link(journey_id: str) -> UUID:
    """What stands for a journey among the causes of what happens."""
    return uuid5(_LINKS, journey_id)


@dataclass(frozen=True, slots=True)
class EntryGates:
    """Who a version of a journey lets in."""

    journey_id: str
    audience: Condition | None
    frequency: FrequencyLimiter | None
    overlap: OverlapLimiter | None

    @property
    def journeys_looked_at(self) -> frozenset[str]:
        """The journeys of which `refusal` wants to know a participant's passages."""
        own: frozenset[str] = frozenset() if self.frequency is None else frozenset({self.journey_id})
        return own if self.overlap is None else own | frozenset(self.overlap.automation_ids)

    def in_audience(self, values: Mapping[str, object]) -> bool:
        """`values`: a participant's, by dotted variable."""
        return self.audience is None or self.audience.evaluate(values).matched

    def refusal(self, applicant: Applicant, now: datetime) -> EntryRefusal | None:
        """The gate that keeps somebody out now; None lets them in."""
        chain = applicant.chain
        if chain and (len(chain) >= MAX_CHAIN or chain_link(self.journey_id) in chain):
            return EntryRefusal.LOOP
        if applicant.status != ParticipantStatus.ACTIVE:
            return EntryRefusal.PARTICIPANT_NOT_ACTIVE
        if not applicant.in_audience:
            return EntryRefusal.AUDIENCE
        passages = applicant.passages
        return self._frequency(passages.get(self.journey_id, NEVER), now) or self._overlap(passages, now)

    def _frequency(self, own: Passage, now: datetime) -> EntryRefusal | None:
        if self.frequency is None or own.last_entered_at is None:
            return None
        if self.frequency.mode is LimiterMode.ONCE:
            return EntryRefusal.ENTERED_BEFORE
        assert self.frequency.duration is not None
        again_at = own.last_entered_at + duration_of(self.frequency.duration)
        return EntryRefusal.ENTERED_WITHIN_INTERVAL if now < again_at else None

    def _overlap(self, passages: Mapping[str, Passage], now: datetime) -> EntryRefusal | None:
        if self.overlap is None:
            return None
        others = [passages[id_] for id_ in self.overlap.automation_ids if id_ in passages]
        if any(one.is_inside for one in others):
            return EntryRefusal.CURRENTLY_IN_ANOTHER
        if self.overlap.mode is OverlapMode.CURRENTLY_IN:
            return None
        assert self.overlap.within_days is not None
        since = now - timedelta(days=self.overlap.within_days)
        left = (one.last_left_at for one in others)
        recently = any(at is not None and at > since for at in left)
        return EntryRefusal.RECENTLY_IN_ANOTHER if recently else None


def entry_gates(journey_id: str, definition: JourneyDefinition) -> EntryGates:
    """Raises ConditionFormError for an audience filter that does not fit."""
    return EntryGates(
        journey_id,
        audience_condition(definition.trigger.audience_filter_group),
        definition.settings.frequency_limiter,
        definition.settings.overlap_limiter,
    )


def duration_of(duration: LimiterDuration) -> timedelta:
    """Days are of 24 hours."""
    return duration.amount * _UNIT[duration.units]
