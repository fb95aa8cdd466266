"""Which journeys listen to which events."""

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.journeys.definition import JourneyDefinition
from domain.journeys.intake import Version, VersionListener, version_listener
from domain.journeys.leaving import inside_listener
from store.tables import JourneyListener, JourneyVersion
from store.tables.enrollment import INSIDE

MOST_KEPT = 2_000
# A journey has somebody inside, in whichever version, or lets people in.
_IS_ALIVE = f"(j.is_enabled OR EXISTS (SELECT FROM enrollment AS e WHERE e.journey_id = j.id AND e.{INSIDE}))"
_IS_OPEN = "(j.is_enabled AND j.published_hash = l.content_hash)"
_LISTENED = text(
    "SELECT DISTINCT l.event_type FROM journey_listener AS l JOIN journey AS j ON j.id = l.journey_id "  # noqa: S608
    f"WHERE l.program_id = :program AND ({_IS_OPEN} OR NOT l.is_trigger AND {_IS_ALIVE})"
)
_HEARING = text(
    "SELECT l.program_id, l.event_type, l.journey_id, l.content_hash, l.is_trigger "  # noqa: S608
    "FROM unnest(CAST(:programs AS uuid[]), CAST(:types AS text[])) AS heard(program_id, event_type) "
    "JOIN journey_listener AS l USING (program_id, event_type) JOIN journey AS j ON j.id = l.journey_id "
    f"WHERE {_IS_OPEN} OR NOT l.is_trigger ORDER BY j.created_at, j.id"
)
_OPEN = text(
    "SELECT id, published_hash FROM journey WHERE is_enabled AND published_hash IS NOT NULL "
    "AND program_id = ANY(CAST(:programs AS uuid[])) AND id = ANY(CAST(:ids AS text[]))"
)
# What this process has compiled.
_kept: OrderedDict[Version, VersionListener] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Hearing:
    """That a version of a journey listens to a type of event."""

    program_id: UUID
    event_type: str
    version: Version
    is_trigger: bool


async def note_listeners(
    session: AsyncSession, program_id: UUID, journey_id: str, content_hash: str, definition: JourneyDefinition
) -> None:
    """Have a version that is being published hear of its events."""
    heard = {(definition.trigger.condition.event, True)}
    heard |= {(one, False) for one in inside_listener(definition).events}
    rows = [
        {
            "program_id": program_id,
            "event_type": event_type,
            "journey_id": journey_id,
            "content_hash": content_hash,
            "is_trigger": is_trigger,
        }
        for event_type, is_trigger in sorted(heard)
    ]
    await session.execute(insert(JourneyListener).values(rows).on_conflict_do_nothing())


async def types_heard_by_journeys(session: AsyncSession, program_id: UUID) -> frozenset[str]:
    """The types of event that let somebody into a journey, or can matter to those inside one."""
    return frozenset((await session.execute(_LISTENED, {"program": program_id})).scalars())


async def hearings(session: AsyncSession, types: Collection[tuple[UUID, str]]) -> list[Hearing]:
    """Who listens to these types of these programs: older journeys first."""
    found = await session.execute(
        _HEARING,
        {"programs": [program_id for program_id, _ in types], "types": [type_ for _, type_ in types]},
    )
    return [
        Hearing(row.program_id, row.event_type, (row.journey_id, row.content_hash), row.is_trigger)
        for row in found
    ]


async def open_versions(
    session: AsyncSession, programs: Collection[UUID], journey_ids: Collection[str]
) -> dict[str, Version]:
    """Of these journeys, if they are enabled, the versions that people enter."""
    if not journey_ids:
        return {}
    found = await session.execute(_OPEN, {"programs": list(programs), "ids": list(journey_ids)})
    return {row.id: (row.id, row.published_hash) for row in found}


async def version_listeners(
    session: AsyncSession, versions: Collection[Version]
) -> dict[Version, VersionListener]:
    """Published versions, compiled; without those that are gone. A version never changes, so each is read once."""
    known = {version: _kept[version] for version in versions if version in _kept}
    missing = {version for version in versions if version not in known}
    if missing:
        known |= await _read(session, missing)
    return known


async def _read(session: AsyncSession, versions: set[Version]) -> dict[Version, VersionListener]:
    statement = select(JourneyVersion).where(
        col(JourneyVersion.journey_id).in_({journey_id for journey_id, _ in versions}),
        col(JourneyVersion.content_hash).in_({content_hash for _, content_hash in versions}),
    )
    read = {}
    for stored in await session.exec(statement):
        version = (stored.journey_id, stored.content_hash)
        if version in versions:
            read[version] = version_listener(*version, JourneyDefinition.model_validate(stored.definition))
            _kept[version] = read[version]
            if len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    return read
