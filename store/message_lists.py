"""Messages as clients read them: listed, counted, and one of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, func, text
from sqlalchemy import select as sql_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.messages import MessageStatus
from store.paging import Page, PageRequest, page_newest_first
from store.rule_pages import plan_for_lists
from store.tables import Message, MessageClick
from store.tables.message import INSTANTS, NOT_SENT

TOLD = tuple(name.removesuffix("_at") for name in INSTANTS)


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """`recipient`: how the address begins, in small letters or capitals. The period includes its beginning only."""

    status: MessageStatus | None = None
    channel: Channel | None = None
    participant_id: UUID | None = None
    automation_id: UUID | None = None
    run_id: UUID | None = None
    rule_id: UUID | None = None
    journey_id: str | None = None
    recipient: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageCounts:
    """How many messages stand how, and of how many it was told what."""

    by_status: dict[MessageStatus, int]
    told: dict[str, int]


async def list_messages(
    session: AsyncSession, program_id: UUID, wanted: MessageFilter, request: PageRequest
) -> Page[Message]:
    """Newest first. Raises InvalidCursorError."""
    await plan_for_lists(session)
    statement = select(Message).where(*_where(program_id, wanted))
    return await page_newest_first(session, statement, Message.created_at, Message.id, request)


async def get_message(session: AsyncSession, program_id: UUID, message_id: UUID) -> Message | None:
    found = await session.get(Message, message_id)
    return found if found and found.program_id == program_id else None


async def clicks_of(session: AsyncSession, message_id: UUID) -> Sequence[MessageClick]:
    """The first one first."""
    statement = select(MessageClick).where(col(MessageClick.message_id) == message_id)
    return (await session.exec(statement.order_by(col(MessageClick.at), col(MessageClick.url)))).all()


async def count_messages(session: AsyncSession, program_id: UUID, wanted: MessageFilter) -> MessageCounts:
    """In one statement, so that the counts are of one moment."""
    await plan_for_lists(session)
    told = [func.count(getattr(Message, f"{name}_at")).label(name) for name in TOLD]
    statement = sql_select(col(Message.status), func.count().label("messages"), *told)
    statement = statement.where(*_where(program_id, wanted)).group_by(col(Message.status))
    rows = (await session.execute(statement)).mappings().all()
    return MessageCounts(
        by_status={MessageStatus(row["status"]): row["messages"] for row in rows},
        told={name: sum(row[name] for row in rows) for name in TOLD},
    )


def _where(program_id: UUID, wanted: MessageFilter) -> list[ColumnElement[bool]]:
    where = [col(Message.program_id) == program_id]
    for name in ("status", "channel", "participant_id", "automation_id", "run_id", "rule_id", "journey_id"):
        value = getattr(wanted, name)
        if value is not None:
            where.append(col(getattr(Message, name)) == value)
    if wanted.status not in (None, MessageStatus.SENT):
        where.append(cast(ColumnElement[bool], text(NOT_SENT)))
    if wanted.recipient is not None:
        address = func.lower(col(Message.recipient))
        where.append(address.startswith(wanted.recipient.lower(), autoescape=True))
    if wanted.created_from is not None:
        where.append(col(Message.created_at) >= wanted.created_from)
    if wanted.created_to is not None:
        where.append(col(Message.created_at) < wanted.created_to)
    return where
