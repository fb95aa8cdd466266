import json
from uuid import uuid4

import pytest

from channels import Outgoing
from channels.channel import Delivery, DeliveryStatus
from channels.console import ConsoleChannel


async def test_each_message_is_a_line_of_output(capsys: pytest.CaptureFixture[str]) -> None:
    messages = [Outgoing(uuid4(), f"customer-{n}", "Hello", "A coffee\non us") for n in range(2)]
    assert await ConsoleChannel().send(messages) == [Delivery(DeliveryStatus.SENT)] * 2
    lines = capsys.readouterr().out.splitlines()
    shown = [json.loads(line.removeprefix("message ")) for line in lines]
    assert [(one["recipient"], one["body"]) for one in shown] == [
        ("customer-0", "A coffee\non us"),
        ("customer-1", "A coffee\non us"),
    ]
