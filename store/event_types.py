"""The catalogue of event types: what a program's events look like, learned from those that come."""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, cast, event, func, text, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.event_properties import Properties, PropertyType, merged, properties_of
from store.paging import Page, PageRequest, decode_cursor, encode_cursor
from store.tables import EventType

SEEN_AGAIN_AFTER = timedelta(minutes=1)
REMEMBERED = 2_000

# In one order, so that two transactions which have learned of the same types do not deadlock.
_SEE = text(
    """
    INSERT INTO event_type (program_id, type, first_seen_at, last_seen_at)
    SELECT program_id, type, :now, :now
    FROM unnest(CAST(:programs AS uuid[]), CAST(:types AS text[])) AS seen(program_id, type)
    ORDER BY program_id, type
    ON CONFLICT (program_id, type) DO UPDATE SET
        last_seen_at = GREATEST(event_type.last_seen_at, excluded.last_seen_at)
    RETURNING program_id, type, properties, sources
    """
)
_WRITE = text(
    """
    UPDATE event_type AS known SET properties = n.properties, sources = n.sources
    FROM unnest(
        CAST(:programs AS uuid[]), CAST(:types AS text[]), CAST(:properties AS jsonb[]), CAST(:sources AS jsonb[])
    ) AS n(program_id, type, properties, sources)
    WHERE known.program_id = n.program_id AND known.type = n.type
    """
)
_PLACE = cast(func.md5(EventType.type), Uuid)


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """`data`: its event_data."""

    program_id: UUID
    type: str
    source: str
    data: Mapping[str, Any]


Key = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class _Knowledge:
    """What is known of a type, and when it was last written down."""

    properties: Properties
    sources: frozenset[str]
    written_at: datetime

    def covers(self, other: "_Knowledge") -> bool:
        return (
            merged(self.properties, other.properties) == self.properties
            and other.sources <= self.sources
            and other.written_at - self.written_at < SEEN_AGAIN_AFTER
        )

    def with_(self, other: "_Knowledge") -> "_Knowledge":
        properties = merged(self.properties, other.properties)
        return _Knowledge(properties, self.sources | other.sources, other.written_at)


# What this process has written down lately, or found written down.
_known: OrderedDict[Key, _Knowledge] = OrderedDict()


async def learn_event_types(session: AsyncSession, seen: Sequence[SeenEvent], now: datetime) -> None:
    """Note what is new in these events. Writes nothing for types seen a moment ago that hold nothing new.

    Of what it writes the rows stay locked until the transaction ends, so it belongs at the transaction's end.
    """
    news = _news(seen, now)
    if not news:
        return
    keys = sorted(news)
    found = await session.execute(
        _SEE, {"programs": [one for one, _ in keys], "types": [type_ for _, type_ in keys], "now": now}
    )
    stored = {
        (row.program_id, row.type): _Knowledge(_properties(row.properties), frozenset(row.sources), now)
        for row in found
    }
    learned = {key: stored[key].with_(news[key]) for key in keys}
    await _write(session, {key: learned[key] for key in keys if learned[key] != stored[key]})
    # Not before: what is rolled back has to be learned anew.
    event.listen(session.sync_session, "after_commit", lambda _: _remember(learned), once=True)


async def get_event_type(session: AsyncSession, program_id: UUID, type_: str) -> EventType | None:
    return await session.get(EventType, (program_id, type_))


async def list_event_types(session: AsyncSession, program_id: UUID, request: PageRequest) -> Page[EventType]:
    """Newest first, by when they were first seen. Raises InvalidCursorError."""
    statement = select(EventType, _PLACE).where(col(EventType.program_id) == program_id)
    if request.cursor is not None:
        statement = statement.where(
            tuple_(col(EventType.first_seen_at), _PLACE) < decode_cursor(request.cursor)
        )
    statement = statement.order_by(col(EventType.first_seen_at).desc(), _PLACE.desc())
    rows = (await session.exec(statement.limit(request.limit + 1))).all()
    page = rows[: request.limit]
    more = len(rows) > request.limit
    return Page(
        [known for known, _ in page], encode_cursor(page[-1][0].first_seen_at, page[-1][1]) if more else None
    )


def _news(seen: Iterable[SeenEvent], now: datetime) -> dict[Key, _Knowledge]:
    """What these events hold, by type, where this process does not know it already."""
    together: dict[Key, _Knowledge] = {}
    for one in seen:
        key = (one.program_id, one.type)
        shown = _Knowledge(properties_of(one.data), frozenset({one.source}), now)
        together[key] = together[key].with_(shown) if key in together else shown
    return {
        key: shown for key, shown in together.items() if key not in _known or not _known[key].covers(shown)
    }


async def _write(session: AsyncSession, learned: Mapping[Key, _Knowledge]) -> None:
    if not learned:
        return
    await session.execute(
        _WRITE,
        {
            "programs": [program_id for program_id, _ in learned],
            "types": [type_ for _, type_ in learned],
            "properties": [json.dumps(knowledge.properties) for knowledge in learned.values()],
            "sources": [json.dumps(sorted(knowledge.sources)) for knowledge in learned.values()],
        },
    )


def _remember(learned: Mapping[Key, _Knowledge]) -> None:
    for key, knowledge in learned.items():
        _known[key] = knowledge
        _known.move_to_end(key)
    while len(_known) > REMEMBERED:
        _known.popitem(last=False)


def _properties(stored: Mapping[str, str]) -> dict[str, PropertyType]:
    return {path: PropertyType(type_) for path, type_ in stored.items()}
