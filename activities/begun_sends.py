"""Sends that have begun: whatever happens meanwhile, what becomes of them is recorded."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from activities.failures import is_transient
from channels.channel import Delivery, DeliveryStatus
from domain.actions import Channel
from domain.messages import MessageStatus
from runtime.settings import DeliveryPolicy, Settings
from store.messages import note_contact, still_there

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


def repeats_sends_in_doubt(settings: Settings, channel: Channel) -> bool:
    """The channel's declared policy for sends whose outcome a crash hid; otherwise they end as `unknown`."""
    policies = {Channel.EMAIL: settings.email_delivery_policy}
    return policies.get(channel) is DeliveryPolicy.AT_LEAST_ONCE
