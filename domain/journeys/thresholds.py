"""Whom a journey may send to on a channel, by what they have consented to."""

from domain.actions import Channel
from domain.journeys.definition import SendingThresholds, Threshold
from domain.participant import CONSENT_CHANNELS, Consent

_US_NUMBER = "+1"


def may_send(
    channel: Channel, consent: str | None, address: str | None, thresholds: SendingThresholds
) -> bool:
    """Beyond email and SMS, only to the subscribed; SMS to numbers of the US, too. `consent`: None is as good as
    nonSubscribed."""
    if channel not in CONSENT_CHANNELS:
        return True
    match _threshold(channel, address, thresholds):
        case Threshold.ALL:
            return True
        case Threshold.NON_SUBSCRIBED:
            return consent != Consent.UNSUBSCRIBED
        case Threshold.SUBSCRIBED:
            return consent == Consent.SUBSCRIBED


def _threshold(channel: Channel, address: str | None, thresholds: SendingThresholds) -> Threshold:
    if channel is Channel.EMAIL:
        return thresholds.email
    if channel is Channel.SMS and not (address or "").startswith(_US_NUMBER):
        return thresholds.sms
    return Threshold.SUBSCRIBED
