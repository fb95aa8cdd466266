"""Addresses without what makes them anybody's."""

import pytest

from domain.masking import masked_address, masked_error


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("noor@example.com", "n***@example.com"),
        ("@example.com", "***@example.com"),
        ("a@b@example.com", "a***@example.com"),
        ("+34612345678", "+346***78"),
        ("+3461234", "+3***"),
        ("device-token-of-somebody", "de***"),
        ("", ""),
    ],
)
def test_an_address_keeps_its_ends_alone(address: str, masked: str) -> None:
    assert masked_address(address) == masked


def test_of_errors_only_reasons_in_a_word_are_left() -> None:
    assert masked_error("no_consent") == "no_consent"
    assert masked_error("recipient refused: 550 noor@example.com is gone") is None
    assert masked_error(None) is None
