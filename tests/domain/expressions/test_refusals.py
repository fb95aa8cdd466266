"""Texts that are not conditions: refused with the place, the reason, what was expected and what was meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.expressions import (
    PARTICIPANT,
    PARTICIPANT_EVENT,
    ExpressionError,
    ExpressionProblem,
    compile_condition,
)
from domain.expressions.limits import MAX_TEXT_CHARACTERS


def problems(text: str) -> tuple[ExpressionProblem, ...]:
    with pytest.raises(ExpressionError) as caught:
        compile_condition(text)
    assert caught.value.problems
    return caught.value.problems


def test_the_message_is_one_line_with_place_reason_and_suggestion() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_condition('"vip" in\n  participant.tag')
    message = "2:15: undeclared reference to 'participant.tag' (did you mean participant.tags?)"
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "column", "suggestion"),
    [
        ('participant.tag == "x"', 13, "participant.tags"),
        ("participant.counter.points > 1", 21, "participant.counters.points"),
        ("participants.tags == []", 14, "participant.tags"),
        ("tags == []", 1, "participant.tags"),
        ("counters.points > 1", 10, "participant.counters.points"),
        ('participant.tags.exist(t, t == "a")', 18, "exists()"),
        ("day_since(now) > 1", 1, "days_since()"),
        ("event.amount > 1", 7, None),
        ("unheard_of", 1, None),
        ("unheard_of()", 1, None),
    ],
)
def test_an_unknown_name_is_pointed_at(text: str, column: int, suggestion: str | None) -> None:
    found = [problem for problem in problems(text) if problem.column == column]
    assert found
    assert found[0].reason.startswith("undeclared reference to ")
    assert found[0].suggestion == suggestion


@pytest.mark.parametrize(
    "text", ["1 +", '"abc', "a && (b", "@", "true true", "é", "participant.", "has(now)"]
)
def test_a_syntax_error_is_placed_in_the_text(text: str) -> None:
    for problem in problems(text):
        assert problem.line == 1
        assert 1 <= problem.column <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("participant.tags.exists(t, t > 3)", 30),
        ('participant.status == 1 && participant.first_name == "x"', 20),
        ("participant.consent.email == 3", 27),
        ("participant.tags.vip", 18),
        ('get(participant.tags, "x", 1) == 1', 4),
        ("has(participant.email) > 1", 24),
    ],
)
def test_a_type_error_is_placed_in_the_text(text: str, column: int) -> None:
    assert problems(text)[0].column == column


def test_positions_count_characters_after_a_test_of_presence_and_beyond_latin() -> None:
    text = 'has(participant.email) && participant.first_name == "é😀" &&\n has( participant.phone ) && nobody'
    (problem,) = problems(text)
    assert (problem.line, problem.column) == (2, text.splitlines()[1].index("nobody") + 1)


def test_every_problem_is_listed_in_the_order_of_the_text() -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_condition("here &&\nthere && nowhere")
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(1, 1), (2, 1), (2, 10)]
    assert str(caught.value) == "1:1: undeclared reference to 'here' (and 2 more)"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("participant.tags", "the expression is of type list<string>"),
        ("participant.counters.points", "the expression may not be true or false"),
        ("1", "the expression is of type int"),
        ("null", "the expression is of type null"),
        ("participant.email", "the expression is of type string"),
    ],
)
def test_only_what_is_true_or_false_is_a_condition(text: str, reason: str) -> None:
    (problem,) = problems(text)
    assert problem.reason == reason
    assert problem.expected


@pytest.mark.parametrize("text", ["", "  \n", "// only a remark"])
def test_an_empty_text_is_refused(text: str) -> None:
    assert problems(text)


def test_numbers_of_two_kinds_are_explained() -> None:
    assert "double(" in (problems("participant.tags.size() > 1.5")[0].expected or "")


@pytest.mark.parametrize(
    "text", ["round(1.0, participant.tags.size()) == 1", "round(1.0, 10) == 1", "round(1.0, -1) == 1"]
)
def test_the_digits_of_round_are_a_literal_from_0_to_9(text: str) -> None:
    assert problems(text)[0].expected == "a whole number from 0 to 9"


@pytest.mark.parametrize("name", ["now", "participant", "program"])
def test_an_item_cannot_take_the_name_of_a_variable(name: str) -> None:
    (problem,) = problems(f'["a"].exists({name}, {name} == "a")')
    assert f"'{name}'" in problem.reason


def test_presence_has_no_name_of_its_own_that_a_text_could_use() -> None:
    for number in range(len(PARTICIPANT_EVENT.variables) + 1):
        assert problems(f"_{number:02d}")
        assert problems(f"has(participant.email) && _{number:02d}")


def test_has_of_a_variable_takes_its_bare_name() -> None:
    (problem,) = problems("has((participant.email))")
    assert problem.expected == "has(participant.email)"


def test_a_zone_that_nobody_knows_is_told_one_like_it() -> None:
    (problem,) = problems('now.getHours("europe/oslo") == 1')
    assert (problem.column, problem.expected) == (14, "a name such as 'Europe/Oslo'")


WORDS = """
    has( get( round( days_since( in_segment( timestamp( .matches( .exists(x, .map(x, ( ) [ ] { } . , ? : ! && || == > in
    + - 1 1.5 1u "a" b'a' null true x .x `a` é // ' _00
"""
near_conditions = st.lists(
    st.sampled_from([*PARTICIPANT.variables, *WORDS.split(), "\n", "\t"]), max_size=25
).map(" ".join)


@given(st.text(max_size=80) | near_conditions | st.text(st.characters(codec=None), max_size=20))
def test_any_text_is_a_condition_or_is_refused_at_a_place(text: str) -> None:
    try:
        condition = compile_condition(text)
    except ExpressionError as error:
        assert "\n" not in str(error)
        for problem in error.problems:
            assert 1 <= problem.line <= text.count("\n") + 1
            assert 1 <= problem.column <= max(map(len, text.split("\n"))) + 1
            assert problem.reason
    else:
        assert len(text) <= MAX_TEXT_CHARACTERS
        assert condition.variables <= set(PARTICIPANT.variables)
        condition.evaluate({})


def test_presence_in_the_range_of_a_macro_is_costed_and_not_followed_for_ever() -> None:
    compile_condition("[has(participant.email)].exists(present, present)")
