"""Which channels there are."""

from uuid import uuid4

import pytest

from channels import Outgoing, build_channels
from channels.channel import DeliveryProblem, DeliveryStatus
from domain.actions import Channel
from runtime.settings import Settings


@pytest.mark.parametrize("channel", [channel for channel in Channel if channel is not Channel.EMAIL])
async def test_a_channel_without_a_provider_says_so(channel: Channel) -> None:
    channels = build_channels(Settings(database_url="postgresql://x@localhost/x"))
    (answer,) = await channels[channel].send([Outgoing(uuid4(), "+34612345678", "", "Hi")])
    assert (answer.status, answer.problem) == (DeliveryStatus.FAILED, DeliveryProblem.NOT_CONFIGURED)
    assert answer.error == f"the channel {channel} is not configured"
