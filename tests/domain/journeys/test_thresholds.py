"""Whom a journey may send to on which channel."""

import pytest

from domain.actions import Channel
from domain.journeys.definition import SendingThresholds, Threshold
from domain.journeys.thresholds import threshold_of
from domain.send_policy import ConsentThreshold


@pytest.mark.parametrize("threshold", Threshold)
def test_mails_and_sms_go_as_far_as_the_journey_says(threshold: Threshold) -> None:
    wanted = ConsentThreshold(threshold)
    assert threshold_of(Channel.EMAIL, "a@example.com", SendingThresholds(email=threshold)) is wanted
    assert threshold_of(Channel.SMS, "+34612345678", SendingThresholds(sms=threshold)) is wanted


def test_numbers_of_the_us_push_and_whatsapp_are_for_the_subscribed_alone() -> None:
    everybody = SendingThresholds(email=Threshold.ALL, sms=Threshold.ALL)
    for channel, address in (
        (Channel.SMS, "+12025550123"),
        (Channel.PUSH, "token"),
        (Channel.WHATSAPP, "+34612345678"),
    ):
        assert threshold_of(channel, address, everybody) is ConsentThreshold.SUBSCRIBED
