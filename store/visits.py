"""Visits, counted as their events come: the events themselves are kept for a while only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.counters import as_decimal
from domain.program_settings import SettingError, VisitSettings, visit_settings
from domain.rfm import LAST_VISIT_AT, TOTAL_SPEND, TOTAL_VISITS
from store.tables import Event, Program

_SAID_LAST = f"(p.attributes ->> '{LAST_VISIT_AT}')"
_NOW = "CAST(:now AS timestamptz)"
# What a client knew of a person before the first event came: from the system that was used before this one, say.
# A day that has begun elsewhere is today's; nobody came later than that.
_IS_DATE = (
    f"(CASE WHEN jsonb_typeof(p.attributes -> '{LAST_VISIT_AT}') = 'string' "
    f"AND {_SAID_LAST} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}' AND pg_input_is_valid({_SAID_LAST}, 'timestamptz') "
    f"THEN {_SAID_LAST}::timestamptz <= {_NOW} + INTERVAL '1 day' ELSE false END)"
)
_KNOWN_LAST = f"CASE WHEN {_IS_DATE} THEN least({_SAID_LAST}::timestamptz, {_NOW}) END"
_KNOWN_VISITS = (
    f"CASE WHEN jsonb_typeof(p.attributes -> '{TOTAL_VISITS}') = 'number' "
    f"THEN least(greatest((p.attributes ->> '{TOTAL_VISITS}')::numeric, 0), 1e9)::int "
    f"WHEN {_IS_DATE} THEN 1 ELSE 0 END"
)
_KNOWN_SPEND = (
    f"CASE WHEN jsonb_typeof(p.attributes -> '{TOTAL_SPEND}') = 'number' "
    f"THEN (p.attributes ->> '{TOTAL_SPEND}')::numeric ELSE 0 END"
)
_BEGIN = (
    "INSERT INTO participant_visits (participant_id, program_id, visits, spent, last_at, counted_at) "  # noqa: S608
    f"SELECT p.id, p.program_id, {_KNOWN_VISITS}, {_KNOWN_SPEND}, coalesce({_KNOWN_LAST}, '-infinity'), {_NOW} "
    "FROM participant AS p WHERE "
)
_ONCE = " ORDER BY p.id ON CONFLICT DO NOTHING"
_BEGIN_THESE = text(f"{_BEGIN} p.id = ANY(CAST(:people AS uuid[])) {_ONCE}")
_BEGIN_KNOWN = text(
    f"{_BEGIN} p.program_id = :program AND {_IS_DATE} "
    f"AND NOT EXISTS (SELECT FROM participant_visits AS v WHERE v.participant_id = p.id) {_ONCE}"
)
# In one order, so that two requests about the same people do not deadlock.
_LOCK = text(
    "SELECT FROM participant_visits WHERE participant_id = ANY(CAST(:people AS uuid[])) "
    "ORDER BY participant_id FOR UPDATE"
)
_ADD = text(
    """
    UPDATE participant_visits AS v SET visits = v.visits + n.visits, spent = v.spent + n.spent,
        last_at = greatest(v.last_at, n.last_at), counted_at = :now
    FROM unnest(CAST(:people AS uuid[]), CAST(:visits AS int[]), CAST(:spent AS numeric[]),
        CAST(:last_at AS timestamptz[])) AS n(participant_id, visits, spent, last_at)
    WHERE v.participant_id = n.participant_id
    """
)


@dataclass(slots=True)
class _Sum:
    visits: int
    spent: Decimal
    last_at: datetime


async def count_visits(
    session: AsyncSession, program: Program, events: Sequence[Event], now: datetime
) -> None:
    """Add stored events that are visits to what is known of who came; to be called once for each event.

    Their participants are held against erasure.
    """
    sums = _sums(_settings(program), events)
    if not sums:
        return
    people = sorted(sums)
    await session.execute(_BEGIN_THESE, {"people": people, "now": now})
    await session.execute(_LOCK, {"people": people})
    await session.execute(
        _ADD,
        {
            "people": people,
            "visits": [sums[one].visits for one in people],
            "spent": [sums[one].spent for one in people],
            "last_at": [sums[one].last_at for one in people],
            "now": now,
        },
    )


async def adopt_known_visits(session: AsyncSession, program_id: UUID, now: datetime) -> None:
    """Begin to count for those of whom only their attributes say when they came last."""
    await session.execute(_BEGIN_KNOWN, {"program": program_id, "now": now})


def _settings(program: Program) -> VisitSettings:
    try:
        return visit_settings(program.settings)
    except SettingError:
        # Settings of a program that is older than this setting were stored unchecked.
        return VisitSettings(frozenset(), "")


def _sums(settings: VisitSettings, events: Sequence[Event]) -> dict[UUID, _Sum]:
    sums: dict[UUID, _Sum] = {}
    for event in events:
        if event.participant_id is None or event.type not in settings.event_types:
            continue
        spent = as_decimal(event.event_data.get(settings.amount)) or Decimal(0)
        # By a clock that is ahead, somebody would be the latest to have come for as long as it takes to catch up.
        came_at = min(event.event_timestamp, event.created_at)
        found = sums.get(event.participant_id)
        if found is None:
            sums[event.participant_id] = _Sum(1, spent, came_at)
        else:
            found.visits += 1
            found.spent += spent
            found.last_at = max(found.last_at, came_at)
    return sums
