"""What journeys refer to, looked up: which of it there is in a program."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.event_properties import PropertyType
from domain.journeys.validation import KnownEvent
from domain.segment_ids import id_named
from store.message_templates import channels_of_templates
from store.tables import EventType, Segment


async def known_events(
    session: AsyncSession, program_id: UUID, among: Iterable[str]
) -> dict[str, KnownEvent]:
    """Those of `among` that the program has had."""
    statement = select(EventType).where(
        col(EventType.program_id) == program_id, col(EventType.type).in_(list(among))
    )
    return {
        found.type: KnownEvent(
            {path: PropertyType(type_) for path, type_ in found.properties.items()}, frozenset(found.sources)
        )
        for found in await session.exec(statement)
    }


async def known_segments(session: AsyncSession, program_id: UUID, among: Iterable[str]) -> set[str]:
    """Those of `among` that are segments of the program, by either of their names."""
    ids = {name: id_ for name in among if (id_ := id_named(name)) is not None}
    statement = select(Segment.id).where(
        col(Segment.program_id) == program_id, col(Segment.id).in_(set(ids.values()))
    )
    found = set((await session.exec(statement)).all())
    return {name for name, id_ in ids.items() if id_ in found}


async def known_mail_templates(session: AsyncSession, program_id: UUID, among: Iterable[str]) -> set[str]:
    """Those of `among` that are templates of mails."""
    ids = {id_: name for name in among if (id_ := _uuid(name)) is not None and str(id_) == name}
    channels = await channels_of_templates(session, program_id, set(ids))
    return {ids[id_] for id_, channel in channels.items() if channel is Channel.EMAIL}


def _uuid(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
