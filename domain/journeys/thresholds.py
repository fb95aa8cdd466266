"""Whom a journey may send to on a channel, by what they have consented to."""

from domain.actions import Channel
from domain.journeys.definition import SendingThresholds
from domain.send_policy import ConsentThreshold

_US_NUMBER = "+1"


def threshold_of(channel: Channel, address: str | None, thresholds: SendingThresholds) -> ConsentThreshold:
    """Mails and SMS go as far as the journey says; SMS to numbers of the US, and all else, to the subscribed alone."""
    if channel is Channel.EMAIL:
        return ConsentThreshold(thresholds.email)
    if channel is Channel.SMS and not (address or "").startswith(_US_NUMBER):
        return ConsentThreshold(thresholds.sms)
    return ConsentThreshold.SUBSCRIBED
