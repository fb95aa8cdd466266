from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.actions import Channel
from domain.addresses import InvalidAddressError, address_of, normal_address

PERSON: dict[str, Any] = {
    "external_id": "customer-1042",
    "email": "ana@example.com",
    "phone": "+34612345678",
    "attributes": {"push_token": "fcm:abc"},
}


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        (Channel.EMAIL, "ana@example.com"),
        (Channel.SMS, "+34612345678"),
        (Channel.WHATSAPP, "+34612345678"),
        (Channel.PUSH, "fcm:abc"),
        (Channel.WEBHOOK, "customer-1042"),
        (Channel.CONSOLE, "customer-1042"),
        (Channel.APPRISE, "customer-1042"),
    ],
)
def test_each_channel_has_its_own_place_for_the_address(channel: Channel, address: str) -> None:
    assert address_of(channel, PERSON) == address


@pytest.mark.parametrize("token", [None, 7, ["fcm:abc"], {"token": "fcm:abc"}])
def test_a_push_token_is_a_text(token: object) -> None:
    assert address_of(Channel.PUSH, PERSON | {"attributes": {"push_token": token}}) is None
    assert address_of(Channel.PUSH, PERSON | {"attributes": {}}) is None


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+34612345678", "+34612345678"),
        ("+34 612 34 56 78", "+34612345678"),
        ("+1 (202) 555-0100", "+12025550100"),
        ("+49 (0)151 23456789", "+4915123456789"),
        ("+44 (0) 7911 123456", "+447911123456"),
        ("+1-800-FLOWERS", "+18003569377"),
        ("+٣٤٦١٢٣٤٥٦٧٨", "+34612345678"),
    ],
)
def test_a_number_is_dialled_in_its_international_form(written: str, number: str) -> None:
    assert normal_address(Channel.SMS, written) == number
    assert normal_address(Channel.WHATSAPP, written) == number


@pytest.mark.parametrize("number", ["+34612345678 ext 5", "+34612345678x5", "+34612345678;ext=5"])
def test_an_extension_cannot_be_written_to(number: str) -> None:
    with pytest.raises(InvalidAddressError, match=r"^Invalid phone number$"):
        normal_address(Channel.SMS, number)


@pytest.mark.parametrize(
    "number", ["", "612345678", "0034612345678", "+34123", "+346123456789", "+999123456789", "call me", "+"]
)
def test_what_no_numbering_plan_knows_is_no_number(number: str) -> None:
    with pytest.raises(InvalidAddressError, match=r"^Invalid phone number$"):
        normal_address(Channel.SMS, number)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("Ana.Nunez+tag@sub.example.org", "Ana.Nunez+tag@sub.example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("ana@straße.de", "ana@xn--strae-oqa.de"),
    ],
)
def test_a_mail_address_is_written_as_every_server_knows_it(written: str, address: str) -> None:
    assert normal_address(Channel.EMAIL, written) == address


@pytest.mark.parametrize(
    "address",
    [
        " ",
        "ana",
        "ana@b",
        "@example.org",
        "ana@",
        "Ana <ana@example.org>",
        "ana@example.org, bo@example.org",
        "ana@example.org\nBcc: eve@example.org",
        "ana @example.org",
        "ana@example.org\0",
        "josé@example.org",
        "ana@\ud800.org",
        "a" * 320 + "@example.org",
    ],
)
def test_what_is_no_single_mail_address_is_none(address: str) -> None:
    with pytest.raises(InvalidAddressError, match=r"^Invalid email address$"):
        normal_address(Channel.EMAIL, address)


@pytest.mark.parametrize("token", ["", "   ", "fcm:\nabc", "x" * 5_000])
def test_what_cannot_be_a_push_token_is_none(token: str) -> None:
    with pytest.raises(InvalidAddressError, match=r"^Invalid recipient$"):
        normal_address(Channel.PUSH, token)


@given(st.sampled_from(Channel), st.text())
def test_whatever_is_no_address_is_told_without_quoting_it(channel: Channel, address: str) -> None:
    try:
        normal = normal_address(channel, address)
    except InvalidAddressError as error:
        assert str(error) in {"Invalid phone number", "Invalid email address", "Invalid recipient"}
    else:
        assert normal and normal.isprintable()
