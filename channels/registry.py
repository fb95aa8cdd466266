"""Every channel, as the settings configure it: the one place that builds them."""

from channels.channel import Channels, MessageChannel
from channels.console import ConsoleChannel
from channels.email import EmailChannel
from channels.not_configured import NotConfigured
from channels.push import PushChannel
from channels.twilio import TwilioAccount, TwilioChannel
from channels.webhook_calls import WithCalls
from channels.webhook_channel import WebhookChannel
from domain.actions import Channel
from runtime.settings import Settings


def build_channels(settings: Settings) -> Channels:
    """A channel without a provider answers that it is not configured."""
    configured: dict[Channel, MessageChannel] = {Channel.EMAIL: EmailChannel(settings)}
    configured |= _by_twilio(settings)
    if settings.push_url is not None:
        configured[Channel.PUSH] = PushChannel(settings)
    receiver = (
        NotConfigured(Channel.WEBHOOK) if settings.webhook_channel_url is None else WebhookChannel(settings)
    )
    configured[Channel.WEBHOOK] = WithCalls(receiver, settings)
    if settings.console_channel:
        configured[Channel.CONSOLE] = ConsoleChannel()
    if settings.apprise_url is not None:
        # It takes a quarter of a second to import, which only those pay for who use it.
        from channels.apprise import AppriseChannel

        configured[Channel.APPRISE] = AppriseChannel(settings.apprise_url.get_secret_value())
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
