"""Events on their way through the journeys of a program: who leaves, who moves on, who enters, who is refused.

Everything happens in memory, event by event; what came of a batch is written afterwards.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from domain.journeys.definition import JourneyDefinition
from domain.journeys.enrolling import ExitReason
from domain.journeys.entering import NEVER, Applicant, EntryGates, EntryRefusal, Passage, entry_gates
from domain.journeys.event_patterns import EventPattern
from domain.journeys.leaving import InsideListener, Leaves, ReachesGoal, StopsWaiting, inside_listener
from domain.journeys.triggers import quiet_time, trigger_pattern
from domain.rules.effects import Effect, JourneyEntry, JourneyExit
from domain.rules.processing import EventFacts

Version = tuple[str, str]


@dataclass(frozen=True, slots=True)
class VersionListener:
    """What a published version of a journey makes of events. `trigger`: None where a birthday sets it going."""

    journey_id: str
    content_hash: str
    trigger: EventPattern | None
    quiet_time: timedelta | None
    gates: EntryGates
    inside: InsideListener

    @property
    def version(self) -> Version:
        return self.journey_id, self.content_hash


@dataclass(slots=True)
class Pass:
    """A participant inside a version of a journey, as they are by now.

    `entered_at`: when the journey begins for them, which is ahead while they wait. `is_waiting`: for the end of its quiet time. `has_begun`: they have taken a step. `has_waited`: the event that
    they wait for at their block has come.
    """

    entry_key: str
    version: Version
    participant_id: UUID
    entered_at: datetime
    is_waiting: bool = False
    has_begun: bool = False
    block_id: str | None = None
    has_waited: bool = False


@dataclass(slots=True)
class JourneyScene:
    """The people of a batch of events in the journeys at hand, by participant. `past`: what is over, by journey."""

    inside: dict[UUID, list[Pass]] = field(default_factory=dict)
    past: dict[UUID, dict[str, Passage]] = field(default_factory=dict)

    def passages(self, participant_id: UUID, journeys: Iterable[str]) -> dict[str, Passage]:
        inside = self.inside.get(participant_id, ())
        past = self.past.get(participant_id, {})
        return {
            id_: past.get(id_, NEVER).with_current(
                [(one.entered_at, one.is_waiting) for one in inside if one.version[0] == id_]
            )
            for id_ in journeys
        }

    def leave(self, participant_id: UUID, leaving: Sequence[Pass], now: datetime) -> None:
        """Whoever has not taken a step leaves no trace: they were hardly there."""
        self.inside[participant_id] = [one for one in self.inside[participant_id] if one not in leaving]
        past = self.past.setdefault(participant_id, {})
        for one in leaving:
            if one.has_begun:
                journey_id = one.version[0]
                past[journey_id] = past.get(journey_id, NEVER).with_past(one.entered_at, now)


@dataclass(frozen=True, slots=True)
class Entered:
    """`wake_at`: when the first step is due, behind the quiet time if `is_waiting`."""

    entry_key: str
    version: Version
    participant_id: UUID
    event_id: UUID
    is_waiting: bool
    wake_at: datetime
    chain: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    entry_key: str
    journey_id: str
    participant_id: UUID
    event_id: UUID
    reason: EntryRefusal


@dataclass(frozen=True, slots=True)
class QuietTimeRestarted:
    entry_key: str
    event_id: UUID
    wake_at: datetime


@dataclass(frozen=True, slots=True)
class WaitEnded:
    entry_key: str
    event_id: UUID


@dataclass(frozen=True, slots=True)
class GoalReached:
    entry_key: str
    event_id: UUID
    block_id: str


@dataclass(frozen=True, slots=True)
class Left:
    entry_key: str
    reason: ExitReason
    event_id: UUID


Change = Entered | Refused | QuietTimeRestarted | WaitEnded | GoalReached | Left


@dataclass(frozen=True, slots=True)
class Person:
    """A participant as the rules have left them. `values`: theirs, by dotted variable, made when they are wanted."""

    id: UUID
    status: str
    values: Callable[[], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Journeys:
    """`versions`: those that somebody may be in. `triggered`: the versions that events of a program and type set
    going. `open`: the version of an enabled journey that people enter."""

    versions: Mapping[Version, VersionListener]
    triggered: Mapping[tuple[UUID, str], Sequence[VersionListener]]
    open: Mapping[str, VersionListener]


def version_listener(journey_id: str, content_hash: str, definition: JourneyDefinition) -> VersionListener:
    """Raises ConditionFormError for filters that do not fit."""
    return VersionListener(
        journey_id,
        content_hash,
        trigger_pattern(definition),
        quiet_time(definition.trigger),
        entry_gates(journey_id, definition),
        inside_listener(definition),
    )


def event_entry_key(journey_id: str, event_id: UUID) -> str:
    """Names the entry that an event brings about, so that it does so once."""
    return f"{journey_id}:event:{event_id}"


def take_in(
    event: EventFacts,
    person: Person | None,
    effects: Sequence[Effect],
    journeys: Journeys,
    scene: JourneyScene,
    now: datetime,
) -> Iterator[Change]:
    """What comes of one event; the scene moves on. `effects`: what rules made of it.

    First who is inside, then what the rules ask for, then the journeys that the event sets going. Without a
    participant nothing comes of it.
    """
    if person is None:
        return
    yield from _those_inside(event, person, journeys, scene, now)
    intake = _Intake(event, person, journeys, scene, now)
    for effect in effects:
        if isinstance(effect, JourneyExit):
            yield from _taken_out(event, person, effect.journey_id, scene, now)
        elif isinstance(effect, JourneyEntry):
            yield intake.ask_for(effect)
    for version in journeys.triggered.get((event.program_id, event.type), ()):
        if version.trigger is not None and version.trigger.picks(event.type, event.source, event.data):
            yield intake.trigger(version)


def _those_inside(
    event: EventFacts, person: Person, journeys: Journeys, scene: JourneyScene, now: datetime
) -> Iterator[Change]:
    leaving: list[Pass] = []
    for one in scene.inside.get(person.id, ()):
        listener = journeys.versions.get(one.version)
        if listener is None:
            continue
        found = listener.inside.consequence(one.block_id, event.type, event.source, event.data)
        if isinstance(found, Leaves):
            leaving.append(one)
            yield Left(one.entry_key, ExitReason.EXIT_CONDITION, event.id)
        elif isinstance(found, ReachesGoal) and not one.is_waiting:
            one.block_id, one.has_waited = found.block_id, False
            yield GoalReached(one.entry_key, event.id, found.block_id)
        elif isinstance(found, StopsWaiting) and not one.has_waited:
            one.has_waited = True
            yield WaitEnded(one.entry_key, event.id)
    if leaving:
        scene.leave(person.id, leaving, now)


def _taken_out(
    event: EventFacts, person: Person, journey_id: str, scene: JourneyScene, now: datetime
) -> Iterator[Change]:
    leaving = [one for one in scene.inside.get(person.id, ()) if one.version[0] == journey_id]
    for one in leaving:
        yield Left(one.entry_key, ExitReason.BY_RULE, event.id)
    if leaving:
        scene.leave(person.id, leaving, now)


@dataclass(frozen=True, slots=True)
class _Intake:
    event: EventFacts
    person: Person
    journeys: Journeys
    scene: JourneyScene
    now: datetime

    def trigger(self, version: VersionListener) -> Change:
        if version.quiet_time is not None:
            waiting = self._waiting_in(version.journey_id)
            if waiting is not None:
                waiting.entered_at = self.now + version.quiet_time
                return QuietTimeRestarted(waiting.entry_key, self.event.id, waiting.entered_at)
        key = event_entry_key(version.journey_id, self.event.id)
        return self._enter(version, key, version.quiet_time, self.event.chain)

    def ask_for(self, entry: JourneyEntry) -> Change:
        key = f"{entry.journey_id}:rule:{entry.id}"
        chain = (*self.event.chain, entry.rule_id)
        version = self.journeys.open.get(entry.journey_id)
        if version is None:
            return self._refused(entry.journey_id, key, EntryRefusal.JOURNEY_NOT_ENABLED)
        return self._enter(version, key, None, chain)

    def _enter(
        self, version: VersionListener, key: str, quiet: timedelta | None, chain: tuple[UUID, ...]
    ) -> Change:
        reason = self._refusal(version)
        if reason is not None:
            return self._refused(version.journey_id, key, reason)
        wake_at = self.now + (quiet or timedelta(0))
        self._let_in(version, key, wake_at, is_waiting=quiet is not None)
        return Entered(key, version.version, self.person.id, self.event.id, quiet is not None, wake_at, chain)

    def _refusal(self, version: VersionListener) -> EntryRefusal | None:
        gates = version.gates
        in_audience = gates.audience is None or gates.in_audience(self.person.values())
        passages = self.scene.passages(self.person.id, gates.journeys_looked_at)
        return gates.refusal(Applicant(self.person.status, in_audience, passages, self.event.chain), self.now)

    def _let_in(self, version: VersionListener, key: str, at: datetime, *, is_waiting: bool) -> None:
        self.scene.inside.setdefault(self.person.id, []).append(
            Pass(key, version.version, self.person.id, at, is_waiting)
        )

    def _refused(self, journey_id: str, key: str, reason: EntryRefusal) -> Refused:
        return Refused(key, journey_id, self.person.id, self.event.id, reason)

    def _waiting_in(self, journey_id: str) -> Pass | None:
        inside = self.scene.inside.get(self.person.id, ())
        return next((one for one in inside if one.is_waiting and one.version[0] == journey_id), None)
