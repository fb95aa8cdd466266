"""A program that says what its attributes are has mistakes about them found when a condition is saved."""

import pytest

from domain.expressions import AttributeType, ExpressionError, check_condition, compile_condition

TYPES = {
    "plan": AttributeType.STRING,
    "visits": AttributeType.NUMBER,
    "vip": AttributeType.BOOL,
    "joined": AttributeType.TIMESTAMP,
}
A = "participant.attributes"


@pytest.mark.parametrize(
    "text",
    [
        f'{A}.plan == "pro"',
        f'{A}.plan in ["pro", "team"]',
        f'{A}.plan.startsWith("p") && {A}["plan"] + "!" != "x"',
        f"{A}.plan == null",
        f"{A}.plan == {A}.unknown",
        f"{A}.visits > 3 && {A}.visits < 4.5 && {A}.visits != 7u",
        f"{A}.visits * 2 > {A}.visits + 1",
        f"{A}.vip && !{A}.vip || {A}.vip == true",
        f"timestamp({A}.joined) < now",
        f'{A}.joined > "2026-01-01"',
        f'get({A}, "visits", 0) > 3',
        f"{A}.unknown == 3 && {A}.unknown.contains('x')",
        "participant.tags.exists(t, t == 'plan')",
    ],
)
def test_what_fits_is_a_condition_like_any_other(text: str) -> None:
    assert check_condition(text, attribute_types=TYPES) == compile_condition(text)


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        (f"{A}.plan == 3", 29, f"{A}.plan is text and is compared with a number"),
        (f"3 > {A}.plan", 3, f"{A}.plan is text and is compared with a number"),
        (f'{A}.visits >= "3"', 31, f"{A}.visits is a number and is compared with text"),
        (f'{A}["visits"] == "3"', 34, f'{A}["visits"] is a number and is compared with text'),
        (f'get({A}, "visits", 0) == "3"', 42, f'get({A}, "visits", 0) is a number and is compared with text'),
        (f"{A}.plan == {A}.visits", 29, f"{A}.plan is text and is compared with a number"),
        (f'{A}.vip == "yes"', 28, f"{A}.vip is true or false and is compared with text"),
        (f"{A}.joined < now", 31, f"{A}.joined is a time kept as text and is compared with a time"),
        (f'{A}.plan in ["pro", 3]', 40, f"{A}.plan is text and is compared with a number"),
        (f'{A}.visits.startsWith("3")', 23, f"{A}.visits is a number, but startsWith() takes text"),
        (f"true && {A}.plan", 31, f"{A}.plan is text, but what is asked here is true or false"),
        (f"!{A}.visits", 24, f"{A}.visits is a number, but what is asked here is true or false"),
        (f"{A}.plan * 2 == 4", 23, f"{A}.plan is text, but this is calculated with a number"),
        (f'{A}.visits + "1" == "31"', 31, f"{A}.visits is a number and is added to text"),
        (
            f"participant.tags.exists(t, {A}.plan == 3)",
            56,
            f"{A}.plan is text and is compared with a number",
        ),
    ],
)
def test_what_does_not_fit_is_refused_where_it_stands(text: str, column: int, reason: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check_condition(text, attribute_types=TYPES)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.reason) == (1, column, reason)
    assert problem.expected
    compile_condition(text)


def test_a_time_kept_as_text_is_told_how_to_be_one() -> None:
    with pytest.raises(ExpressionError) as caught:
        check_condition(f"{A}.joined < now", attribute_types=TYPES)
    assert caught.value.problems[0].expected == f"timestamp({A}.joined)"


def test_every_mistake_is_listed() -> None:
    with pytest.raises(ExpressionError) as caught:
        check_condition(f'{A}.plan == 3 || {A}.visits == "a"', attribute_types=TYPES)
    assert len(caught.value.problems) == 2
