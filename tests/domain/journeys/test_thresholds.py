"""Whom a journey may send to: each threshold lets in those of the one before it."""

import pytest

from domain.actions import Channel
from domain.journeys.definition import SendingThresholds, Threshold
from domain.journeys.thresholds import may_send

CONSENTS = ("subscribed", "nonSubscribed", None, "unsubscribed")
LET_IN = {
    Threshold.SUBSCRIBED: [True, False, False, False],
    Threshold.NON_SUBSCRIBED: [True, True, True, False],
    Threshold.ALL: [True, True, True, True],
}


@pytest.mark.parametrize("threshold", Threshold)
def test_a_threshold_says_whom_mails_and_sms_may_go_to(threshold: Threshold) -> None:
    thresholds = SendingThresholds(email=threshold, sms=threshold)
    for channel in (Channel.EMAIL, Channel.SMS):
        told = [may_send(channel, consent, "+34612345678", thresholds) for consent in CONSENTS]
        assert told == LET_IN[threshold]


def test_numbers_of_the_us_push_and_whatsapp_are_for_the_subscribed_alone() -> None:
    everybody = SendingThresholds(email=Threshold.ALL, sms=Threshold.ALL)
    for channel, address in (
        (Channel.SMS, "+12025550123"),
        (Channel.PUSH, "token"),
        (Channel.WHATSAPP, "+34612345678"),
    ):
        told = [may_send(channel, consent, address, everybody) for consent in CONSENTS]
        assert told == LET_IN[Threshold.SUBSCRIBED]


def test_nobody_consents_to_a_webhook() -> None:
    assert may_send(Channel.WEBHOOK, None, None, SendingThresholds())
