import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.phone_digits import dialled_digits, dialled_unlike_written


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("+34 612-345 678", "34612345678"),
        ("+44 (0) 7911 123456", "447911123456"),
        ("+1-800-FLOWERS", "18003569377"),
        ("+٣٤٦١٢٣٤٥٦٧٨", "34612345678"),
        ("٦١٢ ٣٤٥", "612345"),
        ("612 345 678", "612345678"),
        ("+34612345678 ext. 5", "346123456785"),
        ("nobody", ""),
    ],
)
def test_a_number_is_known_by_what_is_dialled_and_else_by_what_is_written(written: str, digits: str) -> None:
    assert dialled_digits(written) == digits


def test_digits_are_kept_of_a_number_alone_that_is_not_dialled_as_it_is_written() -> None:
    assert dialled_unlike_written("+44 (0) 7911 123456") == "447911123456"
    assert dialled_unlike_written("+٣٤٦١٢٣٤٥٦٧٨") == "34612345678"
    assert dialled_unlike_written("+44 7911 123456") is None
    assert dialled_unlike_written("612 345 678") is None
    assert dialled_unlike_written(None) is None


@given(st.text(alphabet="+0123456789 ()-x٣٤²ext;#WA", max_size=30))
def test_whatever_is_written_has_ascii_digits(written: str) -> None:
    digits = dialled_digits(written)
    assert digits == "" or (digits.isascii() and digits.isdigit())
