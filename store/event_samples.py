"""What a program's latest events say, as examples of their types."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import Event, EventType

EVENTS_LOOKED_AT = 500
TYPES_AT_MOST = 500


async def known_types(session: AsyncSession, program_id: UUID, names: list[str] | None) -> list[EventType]:
    """The types that the program has had, those of `names` alone where given; at most TYPES_AT_MOST, the latest."""
    statement = select(EventType).where(col(EventType.program_id) == program_id)
    if names is not None:
        statement = statement.where(col(EventType.type).in_(names))
    statement = statement.order_by(desc(col(EventType.last_seen_at)), col(EventType.type)).limit(
        TYPES_AT_MOST
    )
    return sorted((await session.exec(statement)).all(), key=lambda known: known.type)


async def latest_events(session: AsyncSession, program_id: UUID) -> dict[str, list[Mapping[str, Any]]]:
    """What the program's last EVENTS_LOOKED_AT events say, by type."""
    statement = (
        select(Event.type, Event.event_data)
        .where(col(Event.program_id) == program_id)
        .order_by(desc(col(Event.created_at)), desc(col(Event.id)))
        .limit(EVENTS_LOOKED_AT)
    )
    examples: dict[str, list[Mapping[str, Any]]] = {}
    for type_, data in await session.exec(statement):
        examples.setdefault(type_, []).append(data)
    return examples
