"""The people and conversations that events are about, as rules see and change them."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from store.participant_values import selected
from store.rule_values import CONVERSATION_COLUMNS
from store.tables import Participant

_COLUMNS = tuple(Participant.model_fields)


async def participants_of(
    session: AsyncSession,
    ids: Collection[UUID],
    *,
    with_segments: bool = True,
    lock: bool = False,
) -> dict[UUID, dict[str, Any]]:
    """The participants that exist, by id: every column, and `segments` where asked for.

    With `lock` nobody else changes them until the transaction ends; they are locked in one order.
    """
    if not ids:
        return {}
    columns = (*_COLUMNS, "segments") if with_segments else _COLUMNS
    locking = "ORDER BY p.id FOR NO KEY UPDATE OF p" if lock else ""
    found = await session.execute(
        text(
            f"SELECT {selected(columns)} FROM participant AS p "  # noqa: S608
            f"WHERE p.id = ANY(CAST(:ids AS uuid[])) {locking}"
        ),
        {"ids": list(ids)},
    )
    return {row["id"]: dict(row) for row in found.mappings()}


async def conversations_of(
    session: AsyncSession, ids: Collection[UUID], *, lock: bool = False
) -> dict[UUID, dict[str, Any]]:
    """The conversations that exist, by id; `lock` as of participants."""
    if not ids:
        return {}
    columns = ", ".join((*CONVERSATION_COLUMNS, "program_id", "contact_id"))
    locking = "ORDER BY id FOR NO KEY UPDATE" if lock else ""
    found = await session.execute(
        text(
            f"SELECT {columns} FROM conversation WHERE id = ANY(CAST(:ids AS uuid[])) {locking}"  # noqa: S608
        ),
        {"ids": list(ids)},
    )
    return {row["id"]: dict(row) for row in found.mappings()}
