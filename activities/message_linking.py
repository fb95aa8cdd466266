"""Messages with their links, as a program wants them followed."""

from dataclasses import dataclass, replace
from uuid import UUID

from channels.channel import Outgoing
from domain.actions import Channel
from domain.message_linking import link_message
from domain.message_links import MessageLinks
from domain.message_tracking import EVERYTHING, Tracking, message_tracking
from store.database import Database
from store.programs import get_program


@dataclass(frozen=True, slots=True)
class MessageLinking:
    """`links`: None where none can lead to Carillon."""

    links: MessageLinks | None
    tracking: Tracking = EVERYTHING

    async def for_program(self, database: Database, program_id: UUID) -> "MessageLinking":
        async with database.transaction() as session:
            program = await get_program(session, program_id)
        return self if program is None else replace(self, tracking=message_tracking(program.settings))

    def linked(self, channel: Channel, message: Outgoing, participant_id: UUID | None) -> Outgoing:
        """The same each time. What goes to nobody on record neither offers to unsubscribe nor is followed."""
        links = None if participant_id is None else self.links
        linked = link_message(
            links,
            self.tracking,
            channel,
            message.message_id,
            message.subject,
            message.body,
            message.options,
        )
        return replace(message, subject=linked.subject, body=linked.body, options=linked.options)
