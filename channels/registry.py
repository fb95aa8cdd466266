"""Every channel, as the settings configure it: the one place that builds them."""

from channels.channel import Channels, MessageChannel
from channels.email import EmailChannel
from channels.not_configured import NotConfigured
from channels.twilio import TwilioAccount, TwilioChannel
from domain.actions import Channel
from runtime.settings import Settings


def build_channels(settings: Settings) -> Channels:
    """A channel without a provider answers that it is not configured."""
    configured: dict[Channel, MessageChannel] = {
        Channel.EMAIL: EmailChannel(settings),
        **_by_twilio(settings),
    }
    return {channel: configured.get(channel) or NotConfigured(channel) for channel in Channel}


def _by_twilio(settings: Settings) -> dict[Channel, MessageChannel]:
    senders = {Channel.SMS: settings.sms_from, Channel.WHATSAPP: settings.whatsapp_from}
    if not any(senders.values()):
        return {}
    account = TwilioAccount(settings)
    return {
        channel: TwilioChannel(account, channel, sender)
        for channel, sender in senders.items()
        if sender is not None
    }
