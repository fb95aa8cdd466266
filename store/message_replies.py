"""Answers that people send to messages, and what they ask for in them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.message_events import MessageEventType
from domain.message_news import MessageNews, NewsKind
from domain.messages import MessageStatus
from domain.twilio_callbacks import Reply, Wish
from store.message_events import ToldMessage, emit_told_messages
from store.message_following import follow_message, hold_run_of
from store.opt_outs import lock_people_with, opt_in, opt_out, people_with
from store.tables import Message

_REACHED = (MessageStatus.SENT, MessageStatus.SENDING, MessageStatus.UNKNOWN)


async def take_reply(
    session: AsyncSession, program_id: UUID, reply: Reply, source: str, now: datetime
) -> None:
    """Write down that somebody answered the last message to them, and do what they ask: stop, or start again.

    What they ask holds for their number, and for everybody in the program who has it.
    """
    answered = await _last_message(
        session, await people_with(session, program_id, reply.sender), reply.channel
    )
    if answered is not None:
        await hold_run_of(session, answered)
    people = await lock_people_with(session, program_id, reply.sender)
    said = {"text": reply.text}
    if answered is not None:
        kind = NewsKind.UNSUBSCRIBED if reply.wish is Wish.STOP else None
        for one in (NewsKind.REPLIED, kind):
            if one is not None:
                news = MessageNews(one, now, text=reply.text if one is NewsKind.REPLIED else None)
                await follow_message(session, answered.id, news, source)
    else:
        replied = [
            ToldMessage(None, reply.channel, person, MessageEventType.REPLIED, said) for person in people[:1]
        ]
        await emit_told_messages(session, program_id, replied)
    if reply.wish is not None:
        follow = opt_out if reply.wish is Wish.STOP else opt_in
        await follow(session, program_id, reply.channel, reply.sender, people, source)


async def _last_message(session: AsyncSession, people: Sequence[UUID], channel: Channel) -> Message | None:
    if not people:
        return None
    statement = (
        select(Message)
        .where(
            col(Message.participant_id).in_(people),
            col(Message.channel) == channel.value,
            col(Message.status).in_([status.value for status in _REACHED]),
        )
        .order_by(col(Message.created_at).desc(), col(Message.id).desc())
        .limit(1)
    )
    return (await session.exec(statement)).first()
