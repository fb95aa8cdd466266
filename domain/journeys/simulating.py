"""People through a journey on a virtual clock: the decisions of the engine, with a heap instead of timers. Pure.

Who is let in, what events do, which steps are taken and what may be sent is decided where it is decided for real:
intake.py, leaving.py, stepping.py, composing.py, and the gates at send time.
"""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from domain.actions import Channel
from domain.journeys.blocks import Block
from domain.journeys.composing import ComposedMessage, strict_sends
from domain.journeys.conditions import Received
from domain.journeys.enrolling import EnrollmentStatus
from domain.journeys.entering import Applicant, EntryRefusal
from domain.journeys.intake import (
    Change,
    Entered,
    GoalReached,
    Journeys,
    JourneyScene,
    Left,
    Pass,
    Person,
    QuietTimeRestarted,
    Refused,
    VersionListener,
    WaitEnded,
    take_in,
)
from domain.journeys.route import Route
from domain.journeys.stepping import (
    EnrollingElsewhere,
    Position,
    Refusal,
    Row,
    Sending,
    Step,
    Surroundings,
    Traveller,
    leave_without,
    walk,
)
from domain.outcomes import SkipReason
from domain.rules.processing import EventFacts
from domain.send_gates import Candidate, Contact, Decision, SendingRules, counts, decide_alone, share_out
from domain.send_gates import Person as Recipient
from domain.send_gates import Surroundings as GateSurroundings

Compose = Callable[[Route, Block, Row, Row], ComposedMessage | Refusal]
_IDS = UUID("0d3f8a2e-5a1c-4b7e-8f6d-2c9b1a7e4d35")


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of somebody. `data`: with its `type`."""

    at: datetime
    participant_id: UUID
    source: str
    data: Row


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody who comes by no event. `key` names the cause."""

    at: datetime
    participant_id: UUID
    key: str


@dataclass(frozen=True, slots=True)
class Reaction:
    """How long after a message its reader opens it and follows a link; None: never."""

    opens_after: timedelta | None = None
    clicks_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class World:
    """What a simulation goes by.

    `values_of`: what conditions see, from a row, an event's data and the instant. `compose_at`: what composes messages
    at an instant. `react`: to a message, by its participant, block and channel.
    """

    program_id: UUID
    zone: ZoneInfo
    listener: VersionListener
    route: Route
    rules: SendingRules
    values_of: Callable[[Row, Row, datetime], Mapping[str, object]]
    compose_at: Callable[[datetime], Compose]
    zone_of: Callable[[Row], ZoneInfo]
    react: Callable[[UUID, str, Channel], Reaction]


@dataclass(frozen=True, slots=True)
class TakenStep:
    """`entry_key`: of the pass in which it was taken."""

    entry_key: str
    participant_id: UUID
    at: datetime
    step: Step


@dataclass(frozen=True, slots=True)
class SentMessage:
    at: datetime
    participant_id: UUID
    block_id: str
    channel: Channel


@dataclass(slots=True)
class Trace:
    """All that happened. `ended`: of each pass that is over, how and why. `held_back`: messages that the gates at send
    time kept, by reason; `deferred`: how often they had one wait. `cut_off_at`: where there was too much to go on."""

    entered: list[tuple[str, datetime]] = field(default_factory=list)
    refused: list[EntryRefusal] = field(default_factory=list)
    steps: list[TakenStep] = field(default_factory=list)
    messages: list[SentMessage] = field(default_factory=list)
    held_back: list[SkipReason] = field(default_factory=list)
    deferred: int = 0
    converted: set[str] = field(default_factory=set)
    sent_on: int = 0
    ended: dict[str, tuple[EnrollmentStatus, str | None]] = field(default_factory=dict)
    cut_off_at: datetime | None = None


def simulate(
    world: World,
    people: Mapping[UUID, Row],
    happenings: Iterable[Happening],
    entries: Iterable[Entry],
    until: datetime,
    most: int,
    is_late: Callable[[], bool] = lambda: False,
) -> Trace:
    """Everything that happens before `until`, or the first `most` things of it, or what is done before `is_late`. The
    same input gives the same trace, but for where it was late."""
    run = _Simulation(world, dict(people))
    for one in happenings:
        run.plan(one.at, _Kind.EVENT, one)
    for entry in entries:
        run.plan(entry.at, _Kind.ENTRY, entry)
    run.go_on(until, most, is_late)
    return run.trace


class _Kind(IntEnum):
    """In the order in which what falls on one instant happens."""

    READ = 0
    EVENT = 1
    ENTRY = 2
    SEND = 3
    WAKE = 4


@dataclass(slots=True)
class _Standing:
    """Somebody inside. `event`: the data of the one that brought them here."""

    inside: Pass
    wake_at: datetime
    event: Row
    waiting_since: datetime | None = None
    event_came: bool = False


@dataclass(frozen=True, slots=True)
class _Letter:
    id: UUID
    entry_key: str
    participant_id: UUID
    block_id: str
    message: ComposedMessage


@dataclass(frozen=True, slots=True)
class _Read:
    entry_key: str
    block_id: str
    clicked: bool


class _Simulation:
    def __init__(self, world: World, people: dict[UUID, Row]) -> None:
        self._world = world
        self._people = people
        listener = world.listener
        types = () if listener.trigger is None else ((world.program_id, listener.trigger.event),)
        self._journeys = Journeys({listener.version: listener}, {type_: [listener] for type_ in types}, {})
        self._scene = JourneyScene()
        self._standing: dict[str, _Standing] = {}
        # By events: what was queued for them is cancelled. What a walk sent before it ended is not.
        self._taken_out: set[str] = set()
        self._strict = strict_sends(world.route)
        self._kept_back: dict[str, tuple[str, SkipReason]] = {}
        self._received: dict[str, dict[str, Received]] = {}
        self._contacts: dict[UUID, list[Contact]] = {}
        self._planned: list[tuple[datetime, int, int, object]] = []
        self._count = 0
        self.trace = Trace()

    def plan(self, at: datetime, kind: _Kind, what: object) -> None:
        self._count += 1
        heapq.heappush(self._planned, (at, kind, self._count, what))

    def go_on(self, until: datetime, most: int, is_late: Callable[[], bool]) -> None:
        for _ in range(most):
            if not self._planned or self._planned[0][0] >= until:
                return
            if is_late():
                break
            at, _, _, what = heapq.heappop(self._planned)
            match what:
                case Happening():
                    self._happen(at, what)
                case Entry():
                    self._enter(at, what)
                case _Letter():
                    self._send(at, what)
                case _Read():
                    self._read(at, what)
                case str():
                    self._walk(at, what)
        if self._planned and self._planned[0][0] < until:
            self.trace.cut_off_at = self._planned[0][0]

    def _happen(self, at: datetime, one: Happening) -> None:
        row = self._people[one.participant_id]
        facts = EventFacts(
            id=self._new_id(),
            program_id=self._world.program_id,
            type=one.data["type"],
            source=one.source,
            data=dict(one.data),
            participant_id=one.participant_id,
            conversation_id=None,
            channel_source=None,
            subject_id=one.participant_id,
            chain=(),
        )
        person = Person(one.participant_id, row["status"], lambda: self._world.values_of(row, one.data, at))
        for change in take_in(facts, person, (), self._journeys, self._scene, at):
            self._follow(at, change, one)

    def _follow(self, at: datetime, change: Change, one: Happening) -> None:
        match change:
            case Entered():
                inside = self._scene.inside[one.participant_id][-1]
                self._begin(at, inside, change.wake_at, one.data)
            case Refused():
                self.trace.refused.append(change.reason)
            case QuietTimeRestarted():
                self._standing[change.entry_key].event = one.data
                self._wake(change.entry_key, change.wake_at)
            case WaitEnded() | GoalReached():
                standing = self._standing[change.entry_key]
                standing.event_came = True
                if isinstance(change, GoalReached):
                    standing.waiting_since = None
                    self.trace.converted.add(change.entry_key)
                self._wake(change.entry_key, at)
            case Left():
                del self._standing[change.entry_key]
                self._taken_out.add(change.entry_key)
                self.trace.ended[change.entry_key] = (EnrollmentStatus.EXITED, change.reason.value)

    def _enter(self, at: datetime, one: Entry) -> None:
        row, gates = self._people[one.participant_id], self._world.listener.gates
        in_audience = gates.in_audience(self._world.values_of(row, {}, at))
        passages = self._scene.passages(one.participant_id, gates.journeys_looked_at)
        refusal = gates.refusal(Applicant(row["status"], in_audience, passages), at)
        if refusal is not None:
            self.trace.refused.append(refusal)
            return
        inside = Pass(one.key, self._world.listener.version, one.participant_id, at)
        self._scene.inside.setdefault(one.participant_id, []).append(inside)
        self._begin(at, inside, at, {})

    def _begin(self, at: datetime, inside: Pass, wake_at: datetime, event: Row) -> None:
        self.trace.entered.append((inside.entry_key, at))
        self._standing[inside.entry_key] = _Standing(inside, wake_at, event)
        self._wake(inside.entry_key, wake_at)

    def _wake(self, entry_key: str, at: datetime) -> None:
        """What was planned for them at another instant is void."""
        self._standing[entry_key].wake_at = at
        self.plan(at, _Kind.WAKE, entry_key)

    def _walk(self, at: datetime, entry_key: str) -> None:
        standing = self._standing.get(entry_key)
        if standing is None or standing.wake_at != at:
            return
        inside, world = standing.inside, self._world
        who = inside.participant_id

        def values_of(row: Row, event: Row) -> Mapping[str, object]:
            return world.values_of(row, event, at)

        traveller = Traveller(
            participant_id=who,
            entered_at=inside.entered_at,
            position=Position(inside.block_id, standing.waiting_since, standing.event_came),
            row=self._people[who],
            zone=world.zone_of(self._people[who]),
            event=standing.event,
            received=self._received.get(entry_key, {}),
        )
        kept_back = self._kept_back.get(entry_key)
        if kept_back is None:
            around = Surroundings(at, world.zone, values_of, world.compose_at(at))
            walked = walk(world.route, traveller, around)
        else:
            walked = leave_without(self._people[who], inside.block_id, *kept_back)
        self._people[who] = walked.row
        self.trace.steps += [TakenStep(entry_key, who, at, step) for step in walked.steps]
        for effect in walked.effects:
            if isinstance(effect, Sending):
                letter = _Letter(self._new_id(), entry_key, who, effect.block_id, effect.content)
                self.plan(at, _Kind.SEND, letter)
            elif isinstance(effect, EnrollingElsewhere):
                self.trace.sent_on += 1
        inside.has_begun, inside.is_waiting = True, False
        inside.block_id, inside.has_waited = walked.block_id, False
        standing.event_came = False
        if walked.status is EnrollmentStatus.ACTIVE and walked.wake_at is not None:
            standing.waiting_since = at
            self._wake(entry_key, walked.wake_at)
        else:
            del self._standing[entry_key]
            self._scene.leave(who, [inside], at)
            self.trace.ended[entry_key] = (walked.status, walked.reason)

    def _send(self, at: datetime, letter: _Letter) -> None:
        if letter.entry_key in self._taken_out:
            self.trace.held_back.append(SkipReason.CANCELLED)
            return
        decision = self._decision(at, letter)
        if decision.until is not None:
            self.trace.deferred += 1
            self.plan(decision.until, _Kind.SEND, letter)
        elif decision.reason is not None:
            self.trace.held_back.append(decision.reason)
            if letter.block_id in self._strict:
                self._kept_back.setdefault(letter.entry_key, (letter.block_id, decision.reason))
        else:
            self._leave_for(at, letter)

    def _decision(self, at: datetime, letter: _Letter) -> Decision:
        row, message = self._people[letter.participant_id], letter.message
        candidate = Candidate(
            letter.id, letter.participant_id, message.channel, message.recipient, message.sending
        )
        person = Recipient(letter.participant_id, row["status"], row["consent"], row["timezone"])
        around = GateSurroundings(self._world.program_id, self._world.zone.key, {}, at)
        alone = Decision()
        if message.channel is not Channel.WEBHOOK:
            alone = decide_alone(candidate, person, self._world.rules, around)
        if not alone.is_open:
            return alone
        contacts = self._contacts.get(letter.participant_id, ())
        decision = share_out([candidate], list(contacts), self._world.rules, at)[letter.id]
        if decision.is_open and counts(candidate):
            contact = Contact(letter.id, message.channel, at)
            self._contacts.setdefault(letter.participant_id, []).append(contact)
        return decision

    def _leave_for(self, at: datetime, letter: _Letter) -> None:
        who, block_id, channel = letter.participant_id, letter.block_id, letter.message.channel
        self.trace.messages.append(SentMessage(at, who, block_id, channel))
        self._received.setdefault(letter.entry_key, {})[block_id] = Received()
        reaction = self._world.react(who, block_id, channel)
        if reaction.opens_after is not None:
            self.plan(at + reaction.opens_after, _Kind.READ, _Read(letter.entry_key, block_id, clicked=False))
        if reaction.clicks_after is not None:
            self.plan(at + reaction.clicks_after, _Kind.READ, _Read(letter.entry_key, block_id, clicked=True))

    def _read(self, at: datetime, read: _Read) -> None:
        of_pass = self._received[read.entry_key]
        before = of_pass[read.block_id]
        opened_at = before.opened_at or at
        clicked_at = before.clicked_at or (at if read.clicked else None)
        of_pass[read.block_id] = Received(opened_at, clicked_at, before.clicked_urls)

    def _new_id(self) -> UUID:
        return uuid5(_IDS, f"{self._world.listener.journey_id}:{self._count}:{len(self.trace.steps)}")
