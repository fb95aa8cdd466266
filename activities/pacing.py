"""Handing over no faster than each provider wants it, whichever worker does it."""

from collections.abc import Sequence

from channels.channel import Delivery
from domain.actions import Channel
from runtime.settings import Settings
from store.channel_pace import Grant, give_back, held_for, hold, take
from store.database import Database


class Pace:
    def __init__(self, settings: Settings, database: Database) -> None:
        self._rates = settings.channel_rates
        self._database = database

    async def take(self, channel: Channel, wanted: int) -> Grant:
        """How many of `wanted` messages may be handed over now, of all that the workers hand over."""
        rate = self._rates.get(channel)
        async with self._database.transaction() as session:
            if rate is not None:
                return await take(session, channel, rate, wanted)
            wait = await held_for(session, channel)
            return Grant(0, wait) if wait else Grant(wanted)

    async def give_back(self, channel: Channel, messages: int) -> None:
        """For messages that were granted and turned out not to be there."""
        rate = self._rates.get(channel)
        if rate is not None and messages:
            async with self._database.transaction() as session:
                await give_back(session, channel, rate, messages)

    async def heed(self, channel: Channel, deliveries: Sequence[Delivery]) -> None:
        """Where the provider has asked to be left alone, nobody hands over any more until then."""
        pauses = [delivery.retry_after for delivery in deliveries if delivery.retry_after is not None]
        if pauses:
            async with self._database.transaction() as session:
                await hold(session, channel, max(pauses))
