"""An attempt to hand queued messages over, as a process of its own that can be killed."""

import asyncio
from typing import Any
from uuid import UUID

from temporalio.testing import ActivityEnvironment

from activities import Resources
from activities.message_dispatch import MessageDispatchActivities
from channels import build_channels
from channels.webhook import WebhookSender
from domain.activity_contract import DispatchMessages
from runtime.settings import Settings
from store.database import Database


def attempt(settings: dict[str, Any], program_id: UUID, linger: bool) -> None:
    """What a worker does when it is told of messages. With `linger` it stays, so that it can be killed after."""
    asyncio.run(_attempt(Settings(**settings), program_id, linger))


async def _attempt(settings: Settings, program_id: UUID, linger: bool) -> None:
    database = Database(settings.database_url, pool_size=4)
    unused: Any = None
    resources = Resources(
        settings=settings,
        database=database,
        temporal=unused,
        channels=build_channels(settings),
        webhooks=WebhookSender(settings.destination_rules, settings.webhook_timeout_seconds),
    )
    body = MessageDispatchActivities(resources).dispatch_messages
    await ActivityEnvironment().run(body, DispatchMessages(program_id=program_id))
    if linger:
        await asyncio.Event().wait()
    await database.close()
