"""Who enters journeys, and who leaves them. Walking through: store/journey_rounds.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.enrolling import EnrollmentStatus, ExitReason
from store.journeys import wake_journey
from store.tables.enrollment import INSIDE

# Written in the order of their keys: two transactions that share several then wait in one direction only.
_ENROLL = text(
    "INSERT INTO enrollment (entry_key, journey_id, program_id, participant_id, content_hash, status, "
    "trigger_event_id, entered_at, wake_at, chain) "
    "SELECT key, journey_id, program_id, participant_id, content_hash, status, event_id, entered_at, wake_at, "
    "CAST(chain AS uuid[]) FROM unnest(CAST(:keys AS text[]), CAST(:journeys AS text[]), CAST(:programs AS uuid[]), "
    "CAST(:people AS uuid[]), CAST(:versions AS text[]), CAST(:statuses AS text[]), CAST(:events AS uuid[]), "
    "CAST(:entered AS timestamptz[]), CAST(:wake AS timestamptz[]), CAST(:chains AS text[])) "
    "AS entry(key, journey_id, program_id, participant_id, content_hash, status, event_id, entered_at, wake_at, chain) "
    "ORDER BY entry.key "
    "ON CONFLICT (entry_key) DO NOTHING RETURNING id, entry_key, journey_id"
)
# Messages that have not left yet never will.
_GONE = (
    "gone AS (UPDATE enrollment e SET status = 'exited', reason = leaving.reason, exit_event_id = leaving.event_id, "
    "wake_at = NULL, finished_at = :now FROM leaving WHERE e.id = leaving.id RETURNING e.id), "
    "unsent AS (UPDATE message SET status = 'cancelled', body = NULL, settled_at = :now FROM gone "
    "WHERE message.enrollment_id = gone.id AND message.status = 'queued') "
    "SELECT id FROM gone"
)
_EXIT = text(
    "WITH leaving AS (SELECT e.id, x.reason, x.event_id FROM enrollment e "  # noqa: S608
    "JOIN unnest(CAST(:journeys AS text[]), CAST(:people AS uuid[]), CAST(:reasons AS text[]), "
    "CAST(:events AS uuid[])) AS x(journey_id, participant_id, reason, event_id) USING (journey_id, participant_id) "
    f"WHERE e.{INSIDE} ORDER BY e.id FOR UPDATE OF e), {_GONE}"
)
_END = text(
    "WITH leaving AS (SELECT e.id, x.reason, x.event_id FROM enrollment e "  # noqa: S608
    "JOIN unnest(CAST(:keys AS text[]), CAST(:reasons AS text[]), CAST(:events AS uuid[])) "
    "AS x(entry_key, reason, event_id) USING (entry_key) "
    f"WHERE e.{INSIDE} ORDER BY e.id FOR UPDATE OF e), {_GONE}"
)
# At a goal the event tells that it was reached, at a wait that it is over.
_MOVE_ON = text(
    "UPDATE enrollment e SET awaited_event_id = m.event_id, wake_at = :now, "  # noqa: S608
    "block_id = COALESCE(m.goal, e.block_id), "
    "waiting_since = CASE WHEN m.goal IS NULL THEN e.waiting_since END, "
    "goal_at = CASE WHEN m.goal IS NULL THEN e.goal_at ELSE COALESCE(e.goal_at, :now) END "
    "FROM unnest(CAST(:keys AS text[]), CAST(:events AS uuid[]), CAST(:goals AS text[])) AS m(key, event_id, goal) "
    f"WHERE e.entry_key = m.key AND e.{INSIDE} RETURNING e.journey_id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody who enters a version of a journey. `key` names the cause, so that it lets them in once.

    `entered_at`: what a first delay counts from. `wake_at`: when they take their first step, without one at once.
    `chain`: the rules and journeys that led here.
    """

    key: str
    journey_id: str
    program_id: UUID
    participant_id: UUID
    content_hash: str
    entered_at: datetime
    wake_at: datetime | None = None
    trigger_event_id: UUID | None = None
    status: EnrollmentStatus = EnrollmentStatus.ACTIVE
    chain: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """Somebody who leaves a journey, however often they are in it. `event_id`: of the event that has them leave."""

    journey_id: str
    participant_id: UUID
    reason: ExitReason
    event_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOn:
    """Somebody inside whom an event moves: out of the wait block where they stand, or to the goal block `goal`."""

    entry_key: str
    event_id: UUID
    goal: str | None = None


@dataclass(frozen=True, slots=True)
class EndedPass:
    """One pass that ends early, by the key under which it began."""

    entry_key: str
    reason: ExitReason
    event_id: UUID | None = None


async def enroll(session: AsyncSession, entries: Sequence[Entry]) -> dict[str, UUID]:
    """Let people in: the ids of the new enrollments by key, without those whose key is there already.

    The caller has locked their participants, so that an erasure finds the enrollments too.
    """
    if not entries:
        return {}
    entered = await session.execute(
        _ENROLL,
        {
            "keys": [entry.key for entry in entries],
            "journeys": [entry.journey_id for entry in entries],
            "programs": [entry.program_id for entry in entries],
            "people": [entry.participant_id for entry in entries],
            "versions": [entry.content_hash for entry in entries],
            "statuses": [entry.status.value for entry in entries],
            "events": [entry.trigger_event_id for entry in entries],
            "entered": [entry.entered_at for entry in entries],
            "wake": [entry.wake_at or entry.entered_at for entry in entries],
            # Arrays of arrays must be of one length each, so they are written out.
            "chains": ["{" + ",".join(map(str, entry.chain)) + "}" for entry in entries],
        },
    )
    ids: dict[str, UUID] = {}
    for id_, key, journey_id in entered:
        ids[key] = id_
        wake_journey(session, journey_id)
    return ids


async def exit_enrollments(session: AsyncSession, exits: Sequence[Exit], now: datetime) -> int:
    """Have people leave, at once: what was queued for them and has not left is cancelled. Answers how many passes
    ended. The caller has locked the participants; nothing happens to those who are not inside."""
    if not exits:
        return 0
    gone = await session.execute(
        _EXIT,
        {
            "journeys": [one.journey_id for one in exits],
            "people": [one.participant_id for one in exits],
            "reasons": [one.reason.value for one in exits],
            "events": [one.event_id for one in exits],
            "now": now,
        },
    )
    return len(gone.all())


async def move_on(session: AsyncSession, moves: Sequence[MoveOn], now: datetime) -> None:
    """Have people take their next step at once. At most one move of each pass; the caller has locked the people."""
    if not moves:
        return
    moved = await session.execute(
        _MOVE_ON,
        {
            "keys": [move.entry_key for move in moves],
            "events": [move.event_id for move in moves],
            "goals": [move.goal for move in moves],
            "now": now,
        },
    )
    for journey_id in set(moved.scalars()):
        wake_journey(session, journey_id)


async def end_passes(session: AsyncSession, ended: Sequence[EndedPass], now: datetime) -> int:
    """As `exit_enrollments`, of single passes."""
    if not ended:
        return 0
    gone = await session.execute(
        _END,
        {
            "keys": [one.entry_key for one in ended],
            "reasons": [one.reason.value for one in ended],
            "events": [one.event_id for one in ended],
            "now": now,
        },
    )
    return len(gone.all())


async def erase_enrollments_of(session: AsyncSession, participant_id: UUID) -> None:
    """Delete the passes of a participant whom this transaction has deleted, with every step."""
    await session.execute(
        text(
            "WITH gone AS (DELETE FROM enrollment WHERE participant_id = :participant RETURNING id) "
            "DELETE FROM enrollment_step USING gone WHERE enrollment_step.enrollment_id = gone.id"
        ),
        {"participant": participant_id},
    )
