"""What people log in with."""

import pytest

from domain.login_credentials import acceptable_password, login_email, password_text


@pytest.mark.parametrize("written", ["ana@example.com", "  ANA@Example.Com", "Ana@EXAMPLE.com "])
def test_an_address_is_the_same_however_it_is_written(written: str) -> None:
    assert login_email(written) == "ana@example.com"


@pytest.mark.parametrize("written", ["", "ana", "ana@", "@example.com", "a@b@example.com", "ana@localhost"])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        login_email(written)


def test_a_password_is_the_same_however_a_keyboard_composes_it() -> None:
    assert password_text("caf\N{LATIN SMALL LETTER E WITH ACUTE}") == password_text("cafe\u0301")


@pytest.mark.parametrize("password", ["x" * 11, "x" * 257])
def test_a_password_has_twelve_to_256_characters(password: str) -> None:
    with pytest.raises(ValueError, match="12 to 256"):
        acceptable_password(password)
    assert acceptable_password("x" * 12) == "x" * 12
