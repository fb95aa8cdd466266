"""What a participant's state was and who changed it. Triggers of the database write it; here it is read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, bindparam, func, select, text
from sqlalchemy import DateTime as SqlDateTime
from sqlalchemy import Text as SqlText
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.participant import StateType
from store.paging import InvalidCursorError, Page, PageRequest

# The triggers read it; without it a change is dated as made by the API.
SOURCE_SETTING = "carillon.source"
MAX_ID = 2**63 - 1
_CURSOR = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")

# Changes are numbered under the lock of the participant's row, so the order of ids is the order in time.
# Within a change, entries are numbered by type and key. `id <=` lets the index find the page.
_PAGE = text(
    """
    SELECT change.id, entry.position, entry.state_type, entry.key, entry.old_value, entry.new_value,
           change.source, change.changed_at
    FROM participant_state_change AS change
    CROSS JOIN LATERAL (
        SELECT row_number() OVER (ORDER BY state_type, key COLLATE "C") AS position, state_type, key,
               earlier.value AS old_value, later.value AS new_value
        FROM (
            SELECT kind.key AS state_type, one.key, one.value
            FROM jsonb_each(change.old_state) AS kind, jsonb_each(kind.value) AS one
        ) AS earlier
        FULL JOIN (
            SELECT kind.key AS state_type, one.key, one.value
            FROM jsonb_each(change.new_state) AS kind, jsonb_each(kind.value) AS one
        ) AS later USING (state_type, key)
    ) AS entry
    WHERE change.participant_id = :participant_id
      AND change.id <= :id AND (change.id < :id OR entry.position > :position)
      AND (:state_type IS NULL OR entry.state_type = :state_type)
      AND (:key IS NULL OR entry.key = :key)
      AND (:changed_from IS NULL OR change.changed_at >= :changed_from)
      AND (:changed_to IS NULL OR change.changed_at < :changed_to)
    ORDER BY change.id DESC, entry.position
    LIMIT :limit
    """
).bindparams(
    bindparam("id", type_=BigInteger),
    bindparam("position", type_=BigInteger),
    bindparam("state_type", type_=SqlText),
    bindparam("key", type_=SqlText),
    bindparam("changed_from", type_=SqlDateTime(timezone=True)),
    bindparam("changed_to", type_=SqlDateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class StateFilter:
    """Periods include their beginning and exclude their end."""

    state_type: StateType | None = None
    key: str | None = None
    changed_from: datetime | None = None
    changed_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class StateChange:
    """One key of a participant's state that changed; a value is None where there was, or is, none."""

    id: str
    state_type: StateType
    key: str
    old_value: Any
    new_value: Any
    source: str
    changed_at: datetime


async def name_source(session: AsyncSession, source: str) -> None:
    """Say who makes the changes of state that follow in this transaction."""
    await session.execute(select(func.set_config(SOURCE_SETTING, source, True)))


async def list_state_changes(
    session: AsyncSession, participant_id: UUID, wanted: StateFilter, request: PageRequest
) -> Page[StateChange]:
    """Newest first. Raises InvalidCursorError."""
    change_id, position = _place(request.cursor)
    found = await session.execute(
        _PAGE,
        {
            "participant_id": participant_id,
            "id": change_id,
            "position": position,
            "state_type": wanted.state_type and wanted.state_type.value,
            "key": wanted.key,
            "changed_from": wanted.changed_from,
            "changed_to": wanted.changed_to,
            "limit": request.limit + 1,
        },
    )
    rows = [_change(row) for row in found.all()]
    page = rows[: request.limit]
    return Page(page, page[-1].id if len(rows) > request.limit else None)


def _change(row: Sequence[Any]) -> StateChange:
    change_id, position, state_type, *others = row
    return StateChange(f"{change_id}.{position}", StateType(state_type), *others)


def _place(cursor: str | None) -> tuple[int, int]:
    """The id of a change and the number of an entry in it, before which the page begins."""
    if cursor is None:
        return MAX_ID, 0
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidCursorError("expected a next_cursor from this list")
    return int(found[1]), int(found[2])
