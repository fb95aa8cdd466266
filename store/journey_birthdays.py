"""Whose birthday sets which journey going."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.birthdays import BIRTHDATE_ATTRIBUTES, birthday_instant, days_to_look_at, zone_of
from domain.journeys.definition import BIRTHDAY
from store.journey_admission import Candidate
from store.tables import Program
from store.tables.participant import BIRTHDAY as MONTH_AND_DAY
from store.tables.participant import NUMBER

_BIRTHDATE = "COALESCE({})".format(", ".join(f"attributes->'{name}'" for name in BIRTHDATE_ATTRIBUTES))
_PEOPLE = text(
    f"SELECT id, {_BIRTHDATE} AS birthdate, timezone FROM participant "  # noqa: S608
    f"WHERE program_id = :program AND {MONTH_AND_DAY} IS NOT NULL "
    f"AND {MONTH_AND_DAY} = ANY(CAST(:days AS text[])) AND id > :after "
    "ORDER BY id LIMIT :limit"
)
# A day after a birthday its mail is no longer welcome: what an outage of that length misses stays missed.
_DUE = text(
    "SELECT j.id, GREATEST(j.birthdays_until, j.enabled_at, CAST(:now AS timestamptz) - INTERVAL '1 day') AS since "
    "FROM journey AS j JOIN journey_listener AS l ON l.journey_id = j.id AND l.content_hash = j.published_hash "
    "WHERE j.is_enabled AND l.is_trigger AND l.event_type = :birthday "
    "AND (j.birthdays_until IS NULL OR j.birthdays_until < :before) ORDER BY j.id"
)
_DONE = text("UPDATE journey SET birthdays_until = :until WHERE id = :id")


@dataclass(frozen=True, slots=True)
class BirthdayRound:
    """A journey, and since when birthdays have not been looked for."""

    journey_id: str
    since: datetime


async def birthday_rounds_due(
    session: AsyncSession, now: datetime, looked_before: datetime
) -> list[BirthdayRound]:
    """The enabled journeys that birthdays set going, for which that was last looked for before then."""
    found = await session.execute(_DUE, {"birthday": BIRTHDAY, "before": looked_before, "now": now})
    return [BirthdayRound(row.id, row.since) for row in found]


async def page_of_birthdays(
    session: AsyncSession,
    program: Program,
    round_: BirthdayRound,
    shift: timedelta,
    until: datetime,
    after: UUID,
    limit: int,
) -> tuple[list[Candidate], UUID | None]:
    """Of `limit` people behind `after` in the order of their ids, those whose shifted birthday lies in (`since`,
    `until`], and the last one's id; None: there are no more."""
    found = await session.execute(
        _PEOPLE,
        {
            "program": program.id,
            "days": [*days_to_look_at(shift, round_.since, until), NUMBER],
            "after": after,
            "limit": limit,
        },
    )
    rows = found.mappings().all()
    candidates = await asyncio.to_thread(_celebrating, rows, program.timezone, round_, shift, until)
    return candidates, rows[-1]["id"] if len(rows) == limit else None


async def note_birthday_round(session: AsyncSession, journey_id: str, until: datetime) -> None:
    await session.execute(_DONE, {"id": journey_id, "until": until})


def _celebrating(
    rows: Iterable[RowMapping], program_zone: str, round_: BirthdayRound, shift: timedelta, until: datetime
) -> list[Candidate]:
    candidates = []
    for row in rows:
        zone = zone_of(row["timezone"], program_zone)
        found = birthday_instant(row["birthdate"], zone, shift, round_.since, until)
        if found is not None:
            year, at = found
            key = f"{round_.journey_id}:birthday:{row['id']}:{year}"
            candidates.append(Candidate(row["id"], key, at))
    return candidates
