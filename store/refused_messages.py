"""Messages that a provider refuses because their recipient told it to stop: as if they had told us."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from domain.actions import Channel
from domain.message_events import MessageEventType
from store.message_events import ToldMessage, emit_told_messages
from store.messages import still_there
from store.opt_outs import lock_people_with, opt_out
from store.suppressions import hash_suppressions
from store.tables import Message

PROVIDER_SOURCE = "provider"


async def remember_opt_out(session: AsyncSession, message_id: UUID, number: str, now: datetime) -> None:
    """Send no more to the number that the message was handed over for. Done again, it changes nothing.

    Of an owner who was erased meanwhile the number is not kept, only that nothing is to be sent to it.
    """
    found = await session.get_one(Message, message_id)
    program_id, channel, owner = found.program_id, Channel(found.channel), found.participant_id
    people = await lock_people_with(session, program_id, number)
    await opt_out(session, program_id, channel, number, people, PROVIDER_SOURCE)
    if owner is None:
        return
    if not await still_there(session, [owner]):
        await hash_suppressions(session, program_id, [(channel, number)])
        return
    statement = select(Message).where(col(Message.id) == message_id).with_for_update(key_share=True)
    message = (await session.exec(statement.execution_options(populate_existing=True))).one()
    if message.unsubscribed_at is None:
        message.unsubscribed_at = now
        told = ToldMessage(
            message.id,
            channel,
            owner,
            MessageEventType.UNSUBSCRIBED,
            rule_id=message.rule_id,
            event_id=message.event_id,
            journey_id=message.journey_id,
        )
        await emit_told_messages(session, program_id, [told])
