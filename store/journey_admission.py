"""Letting people into a journey who come by no event: from a segment, by a birthday, sent by an automation ..."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.expressions import Condition
from domain.journeys.entering import Applicant, EntryRefusal
from domain.journeys.intake import JourneyScene, Pass, VersionListener
from store.audience import Audience, decided
from store.enrollments import Entry, enroll
from store.expression_sql import compile_to_sql
from store.journey_passes import load_scene
from store.journey_refusals import NewRefusal, record_refusals
from store.participant_values import ParticipantValues
from store.tables import Program

_LOCK = text(
    "SELECT id, status FROM participant WHERE program_id = :program AND id = ANY(CAST(:people AS uuid[])) "
    "ORDER BY id FOR NO KEY UPDATE"
)
_DECIDED = text(
    "SELECT entry_key FROM enrollment WHERE entry_key = ANY(CAST(:keys AS text[])) "
    "UNION ALL SELECT entry_key FROM journey_refusal WHERE entry_key = ANY(CAST(:keys AS text[]))"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who is to enter. `key` names the cause, and is asked about once. `entered_at`: what a first delay
    counts from, and when the limits are asked. `chain`: the rules and journeys that led here."""

    participant_id: UUID
    key: str
    entered_at: datetime
    trigger_event_id: UUID | None = None
    chain: Sequence[UUID] = ()


async def admit(
    session: AsyncSession,
    program: Program,
    version: VersionListener,
    candidates: Sequence[Candidate],
    now: datetime,
) -> dict[str, EntryRefusal | None]:
    """Ask the gates about candidates, in their order, and let in whom they do not keep out; what came of each, by key.

    Without those whose key was asked about before, and without people who are gone. Locks the people. PostgreSQL
    decides who is in the audience where it can tell.
    """
    people = {one.participant_id for one in candidates}
    locked = await session.execute(_LOCK, {"program": program.id, "people": list(people)})
    statuses = {row.id: row.status for row in locked}
    keys = [one.key for one in candidates]
    before = set((await session.execute(_DECIDED, {"keys": keys})).scalars())
    fresh = [one for one in candidates if one.key not in before and one.participant_id in statuses]
    audience = await _audience(session, program, version.gates.audience, statuses.keys(), now)
    looked_at = version.gates.journeys_looked_at
    scene = await load_scene(session, statuses.keys(), looked_at, looked_at)
    verdicts = {one.key: _verdict(one, version, statuses, audience, scene) for one in fresh}
    await _write(session, program, version, fresh, verdicts, now)
    return verdicts


async def refuse_all(
    session: AsyncSession, program_id: UUID, journey_id: str, candidates: Sequence[Candidate], now: datetime
) -> None:
    """Of a journey that lets nobody in. The caller has locked the people."""
    reason = EntryRefusal.JOURNEY_NOT_ENABLED
    refused = [
        NewRefusal(one.key, journey_id, program_id, one.participant_id, reason, one.trigger_event_id)
        for one in candidates
    ]
    await record_refusals(session, refused, now)


async def _audience(
    session: AsyncSession,
    program: Program,
    condition: Condition | None,
    people: Collection[UUID],
    now: datetime,
) -> Collection[UUID]:
    if condition is None or not people:
        return people
    values = ParticipantValues(condition, program, now)
    whole = Audience(program.id, condition, values, compile_to_sql(condition, program, now))

    async def matching(audience: Audience) -> set[UUID]:
        where = f"p.id = ANY(CAST(:people AS uuid[])) AND ({audience.compiled.possible})"
        parameters = {**audience.parameters, "people": list(people)}
        rows = (await session.execute(text(audience.candidates(where)), parameters)).mappings().all()
        return set(await asyncio.to_thread(audience.matching, rows))

    return await decided(session, whole, matching)


def _verdict(
    one: Candidate,
    version: VersionListener,
    statuses: Mapping[UUID, str],
    audience: Collection[UUID],
    scene: JourneyScene,
) -> EntryRefusal | None:
    who = one.participant_id
    passages = scene.passages(who, version.gates.journeys_looked_at)
    applicant = Applicant(statuses[who], who in audience, passages, one.chain)
    reason = version.gates.refusal(applicant, one.entered_at)
    if reason is None:
        scene.inside.setdefault(who, []).append(Pass(one.key, version.version, who, one.entered_at))
    return reason


async def _write(
    session: AsyncSession,
    program: Program,
    version: VersionListener,
    candidates: Sequence[Candidate],
    verdicts: Mapping[str, EntryRefusal | None],
    now: datetime,
) -> None:
    journey_id, content_hash = version.version
    entries = [
        Entry(
            key=one.key,
            journey_id=journey_id,
            program_id=program.id,
            participant_id=one.participant_id,
            content_hash=content_hash,
            entered_at=one.entered_at,
            trigger_event_id=one.trigger_event_id,
            chain=one.chain,
        )
        for one in candidates
        if verdicts[one.key] is None
    ]
    await enroll(session, entries)
    refused = [
        NewRefusal(one.key, journey_id, program.id, one.participant_id, reason, one.trigger_event_id)
        for one in candidates
        if (reason := verdicts[one.key]) is not None
    ]
    await record_refusals(session, refused, now)
