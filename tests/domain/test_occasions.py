"""What tells one occasion to send a message from another."""

from typing import Any

import pytest

from domain.occasions import Occasion, OncePer, occasion_of


def of(value: Any, attribute: str = "reservation_at", hours: int | None = None) -> Occasion | None:
    once_per = OncePer(attribute=attribute, hours=hours)
    return occasion_of({"reservation_at": value, "last_visit_at": value}, once_per)


@pytest.mark.parametrize(
    "same",
    [
        "2026-12-24T19:30:00Z",
        "2026-12-24T19:30:00.250Z",
        "2026-12-24T19:30:00+00:00",
        "2026-12-24T20:30:00+01:00",
        "2026-12-24 19:30",
    ],
)
def test_an_instant_is_the_same_however_it_is_written(same: str) -> None:
    assert of(same) == of("2026-12-24T19:30:00Z")


@pytest.mark.parametrize("other", ["2026-12-24T19:31:00Z", "2026-12-25", "tonight", 7, True, ["tonight"]])
def test_another_value_is_another_occasion(other: Any) -> None:
    assert of(other) not in (None, of("2026-12-24T19:30:00Z"))


def test_a_day_begins_at_its_midnight() -> None:
    assert of("2026-12-24") == of("2026-12-24T00:00:00Z")


def test_another_attribute_is_another_occasion() -> None:
    assert of("2026-12-24", "last_visit_at") != of("2026-12-24")


@pytest.mark.parametrize("end_of_time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_what_no_clock_shows_is_a_text_like_any_other(end_of_time: str) -> None:
    assert of(end_of_time) is not None


def test_without_an_attribute_or_its_value_there_is_no_occasion() -> None:
    assert occasion_of({"reservation_at": "2026-12-24"}, None) is None
    assert of("2026-12-24", "born") is None
    assert of(None) is None


def test_it_does_not_tell_the_value() -> None:
    assert "tonight" not in str(of("tonight"))


def test_for_how_long_it_is_the_same_is_told_beside_it() -> None:
    once, yearly = of("1990-06-15"), of("1990-06-15", hours=4_320)
    assert once is not None
    assert yearly == Occasion(once.key, 4_320)
