"""Sends that have begun: whatever happens meanwhile, what becomes of them is recorded."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.failures import is_transient
from channels.channel import (
    Delivery,
    DeliveryProblem,
    DeliveryStatus,
    InDoubt,
    MessageChannel,
    Outgoing,
)
from domain.delivery_policy import DeliveryPolicy
from domain.messages import MessageStatus
from store.database import Database
from store.messages import note_contact, still_there
from store.refused_messages import remember_opt_out

SETTLE_PAUSE_SECONDS = 0.5

STATUS_OF = {
    DeliveryStatus.SENT: MessageStatus.SENT,
    DeliveryStatus.FAILED: MessageStatus.FAILED,
    DeliveryStatus.UNKNOWN: MessageStatus.UNKNOWN,
    DeliveryStatus.NOT_TRIED: MessageStatus.NOT_TRIED,
}


async def settle_patiently(settle: Callable[[], Awaitable[None]]) -> None:
    """What is known of a send is not forgotten because the database is away for a while."""
    while True:
        try:
            return await settle()
        except Exception as error:
            if not is_transient(error):
                raise
        await asyncio.sleep(SETTLE_PAUSE_SECONDS)


async def note_answers(
    session: AsyncSession, answers: Sequence[tuple[UUID | None, Delivery]], now: datetime
) -> list[str | None]:
    """Remember who was reached. Answers the errors to be kept, in their order: none of people erased meanwhile.

    To be called before anything is written of the messages: an erasure, too, locks people first.
    """
    reached = [person for person, answer in answers if answer.status is DeliveryStatus.SENT]
    await note_contact(session, [person for person in reached if person is not None], now)
    not_reached = [person for person, answer in answers if answer.error is not None]
    there = await still_there(session, [person for person in not_reached if person is not None])
    return [answer.error if person is None or person in there else None for person, answer in answers]


async def remember_opt_outs(
    database: Database, answers: Sequence[tuple[UUID, str, Delivery]], now: datetime
) -> None:
    """Send nothing more to the addresses of messages, by id, whose recipient has told the provider to stop.

    To be called before the messages are settled, with nothing locked: others may have the address, too.
    """
    for message_id, address, answer in answers:
        if answer.problem is DeliveryProblem.UNSUBSCRIBED:
            async with database.transaction() as session:
                await remember_opt_out(session, message_id, address, now)


async def hand_over(channel: MessageChannel, messages: Sequence[Outgoing]) -> list[Delivery]:
    """One delivery per message, in their order. The provider is asked at once about those that are in doubt."""
    begun = datetime.now(UTC)
    deliveries = await channel.send(messages)
    in_doubt = [at for at, delivery in enumerate(deliveries) if delivery.status is DeliveryStatus.UNKNOWN]
    if in_doubt and channel.can_tell:
        found = await channel.look_up([InDoubt(messages[at], begun) for at in in_doubt])
        for at, told in zip(in_doubt, found, strict=True):
            deliveries[at] = told or deliveries[at]
    return deliveries


def is_sent_again(channel: MessageChannel, delivery: Delivery) -> bool:
    """Whether a message is still to be handed over after this answer.

    One in doubt is, too, where whoever receives it tells repeats.
    """
    if delivery.status is DeliveryStatus.UNKNOWN:
        return channel.policy is DeliveryPolicy.EXACTLY_ONCE
    return delivery.status is DeliveryStatus.NOT_TRIED


def repeats_abandoned(channel: MessageChannel) -> bool:
    """Whether sends are repeated whose worker died before it could settle them; else they end as `unknown`."""
    return channel.policy is not DeliveryPolicy.AT_MOST_ONCE
