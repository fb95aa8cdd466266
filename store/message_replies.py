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
from domain.participant import Consent
from domain.suppressions import SuppressionReason
from domain.twilio_callbacks import Reply, Wish
from store.contacts import has_number
from store.message_events import ToldMessage, emit_told_messages
from store.message_following import change_consent, follow_message
from store.participants import Lock, get_participant
from store.suppressions import lift_unsubscription, suppress
from store.tables import Message, Participant

# Of those who share a number, as a family may, so many are told.
MOST_PEOPLE = 100
_REACHED = (MessageStatus.SENT, MessageStatus.SENDING, MessageStatus.UNKNOWN)


async def take_reply(
    session: AsyncSession, program_id: UUID, reply: Reply, source: str, now: datetime
) -> None:
    """Write down that somebody answered the last message to them, and do what they ask: stop, or start again.

    What they ask holds for their number, and for everybody in the program who has it.
    """
    people = await _lock_people_with(session, program_id, reply.sender)
    answered = await _last_message(session, people, reply.channel)
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
    if reply.wish is Wish.STOP:
        reason = SuppressionReason.UNSUBSCRIBE
        await suppress(session, program_id, reply.channel, reply.sender, reason, source)
        await _change_consents(session, program_id, people, reply.channel, Consent.UNSUBSCRIBED, source)
    elif reply.wish is Wish.START:
        await lift_unsubscription(session, program_id, reply.channel, reply.sender)
        await _change_consents(session, program_id, people, reply.channel, Consent.SUBSCRIBED, source)


async def _lock_people_with(session: AsyncSession, program_id: UUID, number: str) -> list[UUID]:
    """In one order, so that replies do not wait for each other in a circle."""
    statement = (
        select(Participant.id)
        .where(col(Participant.program_id) == program_id, has_number(number))
        .order_by(col(Participant.id))
        .limit(MOST_PEOPLE)
        .with_for_update(key_share=True)
    )
    return list(await session.exec(statement))


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


async def _change_consents(
    session: AsyncSession,
    program_id: UUID,
    people: Sequence[UUID],
    channel: Channel,
    consent: Consent,
    source: str,
) -> None:
    for id_ in people:
        person = await get_participant(session, program_id, id_, Lock.AGAINST_CHANGE)
        if person is not None:
            await change_consent(session, person, channel, consent, source)
