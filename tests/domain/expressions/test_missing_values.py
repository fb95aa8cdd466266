"""A value that is not there makes a condition false, and says so without showing any data."""

import pytest

from domain.expressions import Verdict, compile_condition

from .values import values


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("participant.counters.visits > 3", "participant.counters.visits is missing"),
        ("participant.counters.visits <= 3", "participant.counters.visits is missing"),
        ("!(participant.counters.visits > 3)", "participant.counters.visits is missing"),
        ('participant.attributes["plan b"] == 1', "participant.attributes.plan b is missing"),
        ('participant.attributes.address.zip == "1"', "participant.attributes.address.zip is missing"),
        ('participant.phone != "1"', "participant.phone is missing"),
        ("participant.last_contacted_at < now", "participant.last_contacted_at is missing"),
        ("days_since(participant.last_contacted_at) > 7", "participant.last_contacted_at is missing"),
        (
            "participant.counters.x == 1 && participant.attributes.x == 1",
            "participant.attributes.x or participant.counters.x is missing",
        ),
    ],
)
def test_a_missing_value_makes_the_condition_false(text: str, error: str) -> None:
    assert compile_condition(text).evaluate(values()) == Verdict(False, error)


def test_an_absent_variable_is_missing_too() -> None:
    assert compile_condition('"vip" in participant.tags').evaluate({}) == Verdict(
        False, "participant.tags is missing"
    )


@pytest.mark.parametrize(
    "text",
    [
        'participant.phone == "1" || participant.has_email',
        'participant.has_email || participant.phone == "1"',
        "participant.counters.visits > 3 || participant.counters.points > 3",
        '!(participant.phone == "1" && participant.has_phone)',
    ],
)
def test_a_missing_value_that_decides_nothing_is_harmless(text: str) -> None:
    assert compile_condition(text).evaluate(values()) == Verdict(True)


def test_a_condition_that_is_merely_false_has_no_error() -> None:
    assert compile_condition("participant.counters.points > 5000").evaluate(values()) == Verdict(False)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("participant.attributes.plan > 3", "a value is of a type that the operation on it does not take"),
        ("participant.attributes.plan.name == 3", "a field is looked up in a value that has no fields"),
        ("participant.attributes[participant.email] == 3", "a field is missing"),
        ('participant.tags[7] == "x"', "a list has no item at that index"),
        ("int(participant.email) == 3", "the condition cannot be evaluated on these values"),
        (
            "1 / (participant.counters.points - 1200) == 1",
            "the condition cannot be evaluated on these values",
        ),
    ],
)
def test_what_cannot_be_evaluated_is_false_and_tells_no_data(text: str, error: str) -> None:
    verdict = compile_condition(text).evaluate(values(email="secret@corp.example"))
    assert verdict == Verdict(False, error)
