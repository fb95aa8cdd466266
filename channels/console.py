"""Messages on the worker's own output, for whoever tries automations out."""

import json
import sys
from collections.abc import Sequence

from channels.channel import CannotTell, Delivery, DeliveryStatus, Outgoing
from domain.delivery_policy import DeliveryPolicy


class ConsoleChannel(CannotTell):
    """A line of JSON for each message."""

    policy = DeliveryPolicy.AT_LEAST_ONCE

    async def send(self, messages: Sequence[Outgoing]) -> list[Delivery]:
        for message in messages:
            line = {
                "message_id": str(message.message_id),
                "recipient": message.recipient,
                "subject": message.subject,
                "body": message.body,
                "options": message.options.stored() or {},
            }
            sys.stdout.write(f"message {json.dumps(line)}\n")
        sys.stdout.flush()
        return [Delivery(DeliveryStatus.SENT)] * len(messages)

    async def close(self) -> None:
        """Nothing is open."""
