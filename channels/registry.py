"""Every channel, as the settings configure it: the one place that builds them."""

from channels.channel import Channels, MessageChannel
from channels.email import EmailChannel
from channels.not_configured import NotConfigured
from domain.actions import Channel
from runtime.settings import Settings


def build_channels(settings: Settings) -> Channels:
    """A channel without a provider answers that it is not configured."""
    configured: dict[Channel, MessageChannel] = {Channel.EMAIL: EmailChannel(settings)}
    return {channel: configured.get(channel) or NotConfigured(channel) for channel in Channel}
