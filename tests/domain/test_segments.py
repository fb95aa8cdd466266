import pytest

from domain.expressions import AttributeType, ExpressionError
from domain.json_limits import MAX_ITEMS
from domain.segments import MOST_SEGMENTS_OF_A_PROGRAM, check_segment_condition


def test_a_condition_is_taken_as_it_is() -> None:
    condition = check_segment_condition('"vip" in participant.tags')
    assert condition.variables == {"participant.tags"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("in_segment", '("0190b6a0-0000-7000-8000-00000000000a")'),
        ('participant.has_email && "x" in participant', ".segments"),
        ("participant.has_email || size(participant", ".segments) > 1"),
        ("participant.has_email || ", "has(participant.segments)"),
        ("participant", ".segments.exists(s, s == 'x')"),
        ("participant.tags.exists(t, in_segment", '(t) && t != "x")'),
    ],
)
def test_a_segment_made_of_segments_is_refused_where_it_asks_for_them(before: str, after: str) -> None:
    with pytest.raises(ExpressionError) as refusal:
        check_segment_condition(before + after)
    (problem,) = refusal.value.problems
    assert problem.reason == "a segment cannot be made of segments"
    assert (problem.line, problem.column) == (1, len(before) + 1)


def test_what_no_automation_takes_no_segment_takes() -> None:
    with pytest.raises(ExpressionError, match="undeclared"):
        check_segment_condition("event.amount > 3")
    with pytest.raises(ExpressionError):
        check_segment_condition("participant.attributes.plan > 3", {"plan": AttributeType.STRING})


def test_all_segments_of_a_participant_fit_in_one_value_of_an_expression() -> None:
    assert MOST_SEGMENTS_OF_A_PROGRAM <= MAX_ITEMS
