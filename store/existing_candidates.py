"""Whom a journey that was just enabled lets in for what happened before."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, RowMapping, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.birthdays import zone_of
from domain.journeys.blocks import Delay, DelayDuration, DelayUnit, DelayZone
from domain.journeys.delays import end_of_delay
from domain.journeys.event_patterns import EventPattern
from domain.journeys.intake import VersionListener, event_entry_key
from domain.segment_events import segments_picked
from store.journey_admission import Candidate
from store.tables import Program, Segment

_LONGEST = {
    DelayUnit.MINUTES: timedelta(minutes=1),
    DelayUnit.HOURS: timedelta(hours=1),
    DelayUnit.DAYS: timedelta(days=1),
    DelayUnit.WEEKS: timedelta(weeks=1),
    DelayUnit.MONTHS: timedelta(days=31),
}
# A wait for an allowed weekday, or for a clock time; and the clocks may change meanwhile.
_AND_THEN = timedelta(days=8)
_MEMBERS = text(
    "SELECT DISTINCT participant_id FROM segment_member WHERE segment_id = ANY(CAST(:segments AS uuid[])) "
    "AND participant_id > :after ORDER BY participant_id LIMIT :limit"
)
_EVENTS = text(
    "SELECT e.id, e.source, e.event_data, e.event_timestamp, e.created_at, e.participant_id, p.timezone "
    "FROM event AS e JOIN participant AS p ON p.id = e.participant_id "
    "WHERE e.program_id = :program AND e.type = :type AND e.status = 'COMPLETED' "
    "AND (e.created_at, e.id) > (:since, :after) AND e.created_at <= :until ORDER BY e.created_at, e.id LIMIT :limit"
)
# In the words of the index by participant: what Carillon itself tells is not on record before a journey listens.
_SINCE = text(
    "SELECT participant_id, type, source, event_data, created_at FROM event WHERE kind = 'EXTERNAL' "
    "AND participant_id = ANY(CAST(:people AS uuid[])) AND type = ANY(CAST(:types AS text[])) "
    "AND created_at > :since ORDER BY created_at"
)
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page:
    """`next`: where the next one begins; None: this was the last."""

    candidates: Sequence[Candidate]
    next: Any | None


async def segments_of_trigger(session: AsyncSession, program_id: UUID, pattern: EventPattern) -> list[UUID]:
    """The segments whose `entered segment` events a trigger picks."""
    ids = await session.exec(select(Segment.id).where(col(Segment.program_id) == program_id))
    return segments_picked(pattern, ids)


async def page_of_members(
    session: AsyncSession, journey_id: str, segments: Sequence[UUID], after: UUID, limit: int, now: datetime
) -> Page:
    """Current members of any of `segments`, by their id."""
    found = await session.execute(_MEMBERS, {"segments": list(segments), "after": after, "limit": limit})
    people = list(found.scalars())
    candidates = [Candidate(one, f"{journey_id}:existing:{one}", now) for one in people]
    return Page(candidates, people[-1] if len(people) == limit else None)


async def page_of_events(
    session: AsyncSession,
    program: Program,
    version: VersionListener,
    delay: Delay,
    after: tuple[datetime, UUID] | None,
    limit: int,
    now: datetime,
) -> Page:
    """The participants of events, oldest first, from which the first delay is not over by `now`: as if they had
    entered then. Without those who have had an event since that would have ended it for them, or led to a goal."""
    assert version.trigger is not None
    since, after_id = after or (now - _reach(delay), UUID(int=0))
    found = await session.execute(
        _EVENTS,
        {
            "program": program.id,
            "type": version.trigger.event,
            "since": since,
            "after": after_id,
            "until": now,
            "limit": limit,
        },
    )
    rows = found.mappings().all()
    waiting = await asyncio.to_thread(_still_waiting, rows, program, version, delay, now)
    gone = await _gone_since(session, version, waiting)
    candidates = [one for one, heard_at in waiting if gone.get(one.participant_id, NEVER) <= heard_at]
    last = rows[-1] if len(rows) == limit else None
    return Page(candidates, None if last is None else (last["created_at"], last["id"]))


def _reach(delay: Delay) -> timedelta:
    """At least as long as the delay can be."""
    duration = delay.duration or DelayDuration(amount=0, units=DelayUnit.DAYS)
    return min(duration.amount * _LONGEST[duration.units], timedelta(days=3_660)) + _AND_THEN


def _still_waiting(
    rows: Sequence[RowMapping],
    program: Program,
    version: VersionListener,
    delay: Delay,
    now: datetime,
) -> list[tuple[Candidate, datetime]]:
    """Each with when their event was heard of."""
    assert version.trigger is not None
    waiting = []
    for row in rows:
        at = min(row["event_timestamp"], row["created_at"])
        if version.trigger.picks(version.trigger.event, row["source"], row["event_data"]):
            zone = _zone(delay, row["timezone"], program)
            if end_of_delay(delay, at, zone) > now:
                key = event_entry_key(version.journey_id, row["id"])
                candidate = Candidate(row["participant_id"], key, at, row["id"])
                waiting.append((candidate, row["created_at"]))
    return waiting


async def _gone_since(
    session: AsyncSession, version: VersionListener, waiting: Sequence[tuple[Candidate, datetime]]
) -> dict[UUID, datetime]:
    """By participant, when the last event was heard of that has somebody leave before the first step, or reach a goal."""
    if not waiting or not version.inside.events:
        return {}
    given = {
        "people": [candidate.participant_id for candidate, _ in waiting],
        "types": list(version.inside.events),
        "since": min(heard_at for _, heard_at in waiting),
    }
    found = (await session.execute(_SINCE, given)).all()
    return await asyncio.to_thread(_last_consequences, version, found)


def _last_consequences(version: VersionListener, events: Sequence[Row[Any]]) -> dict[UUID, datetime]:
    return {
        event.participant_id: event.created_at
        for event in events
        if version.inside.consequence(None, event.type, event.source, event.event_data) is not None
    }


def _zone(delay: Delay, participant_zone: str | None, program: Program) -> ZoneInfo:
    return zone_of(participant_zone if delay.timezone is DelayZone.CONTACT else None, program.timezone)
