"""A batch of events through the journeys that listen to them, written in a few statements."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.enrolling import EnrollmentStatus
from domain.journeys.intake import (
    Change,
    Entered,
    GoalReached,
    Journeys,
    JourneyScene,
    Left,
    Person,
    QuietTimeRestarted,
    Refused,
    Version,
    VersionListener,
    WaitEnded,
    take_in,
)
from domain.rules.effects import Effect, JourneyEntry, JourneyExit
from domain.rules.processing import EventFacts, ProcessedEvent
from domain.segments import SEGMENTS
from store.enrollments import EndedPass, Entry, MoveOn, end_passes, enroll, move_on
from store.journey_listeners import Hearing, hearings, open_versions, version_listeners
from store.journey_passes import load_scene
from store.journey_refusals import NewRefusal, record_refusals
from store.rule_values import rule_values
from store.tables import Program

_RESTART = text(
    "UPDATE enrollment AS e SET entered_at = r.wake_at, trigger_event_id = r.event_id, wake_at = r.wake_at "
    "FROM unnest(CAST(:keys AS text[]), CAST(:events AS uuid[]), CAST(:wake AS timestamptz[])) "
    "AS r(key, event_id, wake_at) WHERE e.entry_key = r.key AND e.status = 'waiting_inactivity'"
)

Kind = TypeVar("Kind", bound=Change)


@dataclass(frozen=True, slots=True)
class Heard:
    """What journeys hear of a batch of events. Nearly always nothing."""

    hearings: Sequence[Hearing] = ()
    listeners: Mapping[Version, VersionListener] | None = None
    participants: frozenset[UUID] = frozenset()

    @property
    def asks_for_segments(self) -> bool:
        listeners = (self.listeners or {}).values()
        audiences = (one.gates.audience for one in listeners)
        return any(one is not None and SEGMENTS in one.variables for one in audiences)


async def hear(session: AsyncSession, events: Sequence[EventFacts]) -> Heard:
    """Which journeys listen to which of these events; `participants`: whose events those are."""
    types = {(event.program_id, event.type) for event in events if event.participant_id}
    found = await hearings(session, types) if types else []
    if not found:
        return Heard()
    listeners = await version_listeners(session, {one.version for one in found})
    heard = {(one.program_id, one.event_type) for one in found}
    people = {event.participant_id for event in events if (event.program_id, event.type) in heard}
    return Heard(found, listeners, frozenset(one for one in people if one is not None))


async def take_into_journeys(
    session: AsyncSession,
    programs: Mapping[UUID, Program],
    heard: Heard,
    processed: Sequence[ProcessedEvent],
    now: datetime,
) -> None:
    """Behind the rules, what the events and the rules' effects do in journeys, in the transaction in which the events
    are completed. Their participants are locked."""
    effects = {one.event.id: _asked(one) for one in processed}
    asked = [effect for of_event in effects.values() for effect in of_event]
    if not heard.hearings and not asked:
        return
    journeys = await _journeys(session, programs, heard, asked)
    scene = await _scene(session, heard, journeys, processed, effects)
    changes = await asyncio.to_thread(_take_in, programs, processed, effects, journeys, scene, now)
    await _write(session, changes, {one.event.id: one.event.program_id for one in processed}, now)


def _asked(one: ProcessedEvent) -> list[Effect]:
    return [
        effect
        for outcome in one.outcomes
        for effect in outcome.effects
        if isinstance(effect, JourneyEntry | JourneyExit)
    ]


async def _journeys(
    session: AsyncSession, programs: Collection[UUID], heard: Heard, asked: Sequence[Effect]
) -> Journeys:
    listeners = dict(heard.listeners or {})
    wanted = {effect.journey_id for effect in asked if isinstance(effect, JourneyEntry)}
    opened = await open_versions(session, programs, wanted)
    listeners |= await version_listeners(session, [one for one in opened.values() if one not in listeners])
    triggered: dict[tuple[UUID, str], list[VersionListener]] = {}
    for one in heard.hearings:
        if one.is_trigger and one.version in listeners:
            triggered.setdefault((one.program_id, one.event_type), []).append(listeners[one.version])
    open_ = {id_: listeners[version] for id_, version in opened.items() if version in listeners}
    return Journeys(listeners, triggered, open_)


async def _scene(
    session: AsyncSession,
    heard: Heard,
    journeys: Journeys,
    processed: Sequence[ProcessedEvent],
    effects: Mapping[UUID, Sequence[Effect]],
) -> JourneyScene:
    people = set(heard.participants)
    people |= {id_ for one in processed if effects[one.event.id] and (id_ := one.event.participant_id)}
    left = {
        effect.journey_id for one in effects.values() for effect in one if isinstance(effect, JourneyExit)
    }
    entered = [*journeys.open.values(), *(one for each in journeys.triggered.values() for one in each)]
    looked_at = {id_ for one in entered for id_ in one.gates.journeys_looked_at}
    current = {journey_id for journey_id, _ in journeys.versions} | looked_at | left
    return await load_scene(session, people, current, looked_at)


def _take_in(
    programs: Mapping[UUID, Program],
    processed: Sequence[ProcessedEvent],
    effects: Mapping[UUID, Sequence[Effect]],
    journeys: Journeys,
    scene: JourneyScene,
    now: datetime,
) -> list[Change]:
    changes: list[Change] = []
    for one in processed:
        row, event = one.participant, one.event
        if row is not None:
            values = partial(rule_values, programs[event.program_id], now, row, None, event.data)
            person = Person(row["id"], row["status"], values)
            changes += take_in(event, person, effects[event.id], journeys, scene, now)
    return changes


async def _write(
    session: AsyncSession, changes: Sequence[Change], programs: Mapping[UUID, UUID], now: datetime
) -> None:
    """New passes first, as later changes may be of them; their ends last."""
    entered = [
        Entry(
            key=one.entry_key,
            journey_id=one.version[0],
            program_id=programs[one.event_id],
            participant_id=one.participant_id,
            content_hash=one.version[1],
            entered_at=one.wake_at,
            trigger_event_id=one.event_id,
            status=EnrollmentStatus.WAITING_INACTIVITY if one.is_waiting else EnrollmentStatus.ACTIVE,
            chain=one.chain,
        )
        for one in _of_kind(changes, Entered)
    ]
    await enroll(session, entered)
    await _restart_quiet_times(session, _of_kind(changes, QuietTimeRestarted))
    await move_on(session, _moves(changes), now)
    ended = [EndedPass(one.entry_key, one.reason, one.event_id) for one in _of_kind(changes, Left)]
    await end_passes(session, ended, now)
    refused = [
        NewRefusal(
            one.entry_key,
            one.journey_id,
            programs[one.event_id],
            one.participant_id,
            one.reason,
            one.event_id,
        )
        for one in _of_kind(changes, Refused)
    ]
    await record_refusals(session, refused, now)


async def _restart_quiet_times(session: AsyncSession, restarted: Iterable[QuietTimeRestarted]) -> None:
    last = {one.entry_key: one for one in restarted}
    if last:
        events = [one.event_id for one in last.values()]
        wake = [one.wake_at for one in last.values()]
        await session.execute(_RESTART, {"keys": list(last), "events": events, "wake": wake})


def _moves(changes: Sequence[Change]) -> list[MoveOn]:
    """The last one of each pass, as it is where they are then."""
    moves: dict[str, MoveOn] = {}
    for one in changes:
        if isinstance(one, WaitEnded):
            moves[one.entry_key] = MoveOn(entry_key=one.entry_key, event_id=one.event_id)
        elif isinstance(one, GoalReached):
            moves[one.entry_key] = MoveOn(entry_key=one.entry_key, event_id=one.event_id, goal=one.block_id)
    return list(moves.values())


def _of_kind(changes: Sequence[Change], kind: type[Kind]) -> list[Kind]:
    return [one for one in changes if isinstance(one, kind)]
