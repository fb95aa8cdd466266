"""The forms of addresses that nothing is sent to."""

from uuid import uuid4

import pytest

from domain.actions import Channel
from domain.suppressions import erased_form, is_erased, suppressed_form

PROGRAM = uuid4()


@pytest.mark.parametrize(
    ("channel", "one", "other"),
    [
        (Channel.EMAIL, "Noor@Example.com", "noor@example.COM"),
        (Channel.EMAIL, "noor@bücher.example", "noor@xn--bcher-kva.example"),
        (Channel.SMS, "+34 612 345 678", "+34612345678"),
        (Channel.SMS, " not a number ", "not a number"),
    ],
)
def test_spellings_that_reach_the_same_place_are_one(channel: Channel, one: str, other: str) -> None:
    assert suppressed_form(channel, one) == suppressed_form(channel, other)
    assert erased_form(PROGRAM, channel, one) == erased_form(PROGRAM, channel, other)


def test_the_tokens_of_devices_differ_by_capitals() -> None:
    assert suppressed_form(Channel.PUSH, "Abc") != suppressed_form(Channel.PUSH, "abc")


def test_what_is_left_of_an_erased_address_differs_by_program_and_channel_and_tells_nothing() -> None:
    form = erased_form(PROGRAM, Channel.EMAIL, "noor@example.com")
    assert is_erased(form) and not is_erased("noor@example.com")
    assert "noor" not in form
    assert form != erased_form(uuid4(), Channel.EMAIL, "noor@example.com")
    assert form != erased_form(PROGRAM, Channel.WEBHOOK, "noor@example.com")
