"""Events as the rules surface lists them: by program, by conversation, by rule, by what they say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, SQLColumnExpression, case, exists, func, select, text
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.queue_status import STORED_AS, QueueStatus
from store.conversations import get_conversation
from store.rule_pages import RuleList, Sorting, plan_for_lists, read_rows
from store.tables import Event, RuleRun
from store.tables.event import PAYLOAD_DIGEST

QUEUE_STATUS: ColumnElement[str] = case(
    *((col(Event.status).in_(stored), shown.value) for shown, stored in STORED_AS.items())
)
EVENT_COLUMNS: Mapping[str, SQLColumnExpression[Any]] = {
    "id": col(Event.id),
    "event_type": col(Event.type),
    "conversation_id": col(Event.conversation_id),
    "payload": col(Event.event_data),
    "payload_hash": col(Event.payload_hash),
    "source": col(Event.source),
    "status": QUEUE_STATUS,
    "attempts": col(Event.attempts),
    "available_at": col(Event.available_at),
    "created_at": col(Event.created_at),
    "contact_id": col(Event.participant_id),
    "processed_at": col(Event.processed_at),
    "error": col(Event.error),
    "causation_id": col(Event.causation_id),
    "hops": func.cardinality(col(Event.rule_chain)),
}
_SAME_PAYLOAD = f"{PAYLOAD_DIGEST} = uuid_hash_extended(:of_program, hashtextextended(:of_payload, 0))"


@dataclass(frozen=True, slots=True)
class EventsWanted:
    """`rule_id`: those that the rule was asked about. `payload_hash`: in lower case."""

    status: QueueStatus | None = None
    event_type: str | None = None
    source: str | None = None
    payload_hash: str | None = None
    conversation_id: UUID | None = None
    rule_id: UUID | None = None


def events_of(program_id: UUID, wanted: EventsWanted) -> RuleList:
    conditions: list[ColumnElement[bool]] = []
    if wanted.status is not None:
        conditions.append(col(Event.status).in_(STORED_AS[wanted.status]))
    if wanted.event_type is not None:
        conditions.append(col(Event.type) == wanted.event_type)
    if wanted.source is not None:
        conditions.append(col(Event.source) == wanted.source)
    if wanted.payload_hash is not None:
        digest = text(_SAME_PAYLOAD).bindparams(of_program=program_id, of_payload=wanted.payload_hash)
        conditions += [digest, col(Event.payload_hash) == wanted.payload_hash]  # type: ignore[list-item]
    if wanted.conversation_id is not None:
        conditions.append(col(Event.conversation_id) == wanted.conversation_id)
    if wanted.rule_id is not None:
        conditions.append(
            exists().where(
                col(RuleRun.event_id) == col(Event.id),
                col(RuleRun.program_id) == program_id,
                col(RuleRun.rule_id) == wanted.rule_id,
            )
        )
    return RuleList(Event, program_id, EVENT_COLUMNS, conditions)


async def newest_with_payload(
    session: AsyncSession, program_id: UUID, payload_hash: str, limit: int
) -> list[RowMapping]:
    await plan_for_lists(session)
    listed = events_of(program_id, EventsWanted(payload_hash=payload_hash))
    return list(await read_rows(session, listed, Sorting(), limit))


async def conversation_is_known(session: AsyncSession, program_id: UUID, conversation_id: UUID) -> bool:
    """Whether the program has the conversation, or had it and has events of it."""
    if await get_conversation(session, program_id, conversation_id) is not None:
        return True
    event = select(col(Event.id)).where(
        col(Event.program_id) == program_id, col(Event.conversation_id) == conversation_id
    )
    return await session.scalar(event.limit(1)) is not None
