"""Messages with their links, as a program wants them followed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from activities.begun_sends import settle_patiently
from channels.channel import Outgoing
from domain.actions import Channel
from domain.message_linking import Linked, link_message
from domain.message_links import MessageLinks, ShortenedLink
from domain.message_tracking import EVERYTHING, Tracking, message_tracking
from store.database import Database
from store.programs import get_program
from store.short_links import keep_short_links


@dataclass(frozen=True, slots=True)
class MessageLinking:
    """`links`: None where none can lead to Carillon."""

    database: Database
    links: MessageLinks | None
    tracking: Tracking = EVERYTHING

    async def for_program(self, program_id: UUID) -> "MessageLinking":
        async with self.database.transaction() as session:
            program = await get_program(session, program_id)
        return self if program is None else replace(self, tracking=message_tracking(program.settings))

    async def linked(
        self, channel: Channel, messages: Sequence[Outgoing], people: Sequence[UUID | None]
    ) -> list[Outgoing]:
        """The messages as they are handed over, the same each time; their short links are kept before that.

        What goes to nobody on record neither offers to unsubscribe nor is followed.
        """
        linked = await asyncio.to_thread(
            lambda: [self._linked(channel, *one) for one in zip(messages, people, strict=True)]
        )
        shortened = [link for one in linked for link in one.shortened]
        if shortened:
            await settle_patiently(lambda: self._keep(shortened))
        return [
            replace(message, subject=one.subject, body=one.body, options=one.options)
            for message, one in zip(messages, linked, strict=True)
        ]

    def _linked(self, channel: Channel, message: Outgoing, participant_id: UUID | None) -> Linked:
        return link_message(
            None if participant_id is None else self.links,
            self.tracking,
            channel,
            message.message_id,
            message.subject,
            message.body,
            message.options,
        )

    async def _keep(self, shortened: Sequence[ShortenedLink]) -> None:
        async with self.database.transaction() as session:
            await keep_short_links(session, shortened)
