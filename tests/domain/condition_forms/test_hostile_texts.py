"""No text of a form ends up as anything but a literal, whatever it holds."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.condition_forms import (
    FilterGroup,
    RuleConditions,
    cel_of_conditions,
    cel_of_filter_groups,
    cel_of_hints,
)
from domain.expressions import PARTICIPANT_EVENT, compile_condition
from domain.expressions.ast import Call, Const, Expr, Ident, ListLiteral, Select, walk

hostile = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("\"'\\`\n\r\t.()|&$ur"),
    min_size=1,
    max_size=40,
)


def tree(text: str) -> Expr:
    return compile_condition(text, PARTICIPANT_EVENT).ast


def texts_in(node: Expr) -> list[object]:
    return [each.value for each in walk(node) if isinstance(each, Const)]


@given(hostile, hostile)
@example('" || true || "', "\\")
@example('"""', "'''")
@example("\\u0022", "\x7f\u2028\u0085")
def test_a_value_is_one_literal(one: str, other: str) -> None:
    form = {"field": "event.a", "operator": "in", "value": [one, other]}
    match tree(cel_of_conditions(RuleConditions.model_validate({"all": [form]}), PARTICIPANT_EVENT)):
        case Call(
            function="@in", args=(Select(operand=Ident(name="event"), field="a"), ListLiteral() as values)
        ):
            assert texts_in(values) == [one, other]
        case found:
            pytest.fail(str(found))


@given(hostile.map(lambda text: text.replace(".", "-")))
@example("in")
@example("a-b")
@example("_00")
def test_a_step_of_a_field_is_one_key(key: str) -> None:
    form = {"field": f"event.{key}", "operator": "eq", "value": 1}
    match tree(cel_of_conditions(RuleConditions.model_validate({"all": [form]}), PARTICIPANT_EVENT)):
        case Call(function="_==_", args=(Select(operand=Ident(name="event"), field=field), Const(value=1))):
            assert field == key
        case Call(
            function="_==_",
            args=(Call(function="_[_]", args=(Ident(name="event"), Const(value=field))), Const(value=1)),
        ):
            assert field == key
        case found:
            pytest.fail(str(found))


@given(hostile)
def test_a_hint_of_a_tag_is_one_literal(tag: str) -> None:
    match tree(cel_of_hints([{"type": "has_tag", "key": tag}])):
        case Call(function="@in", args=(Const(value=found), Ident(name="participant.tags"))):
            assert found == tag
        case other:
            pytest.fail(str(other))


@given(hostile)
@example("VIP")
def test_a_filter_of_a_tag_is_a_literal_for_each_way_to_write_it(tag: str) -> None:
    group = {"logicalOperator": "and", "filters": [{"field": "tag", "operator": "eq", "value": tag}]}
    found = tree(cel_of_filter_groups([FilterGroup.model_validate(group)]))
    names = [node.name for node in walk(found) if isinstance(node, Ident)]
    assert texts_in(found) == list(dict.fromkeys((tag, tag.lower())))
    assert set(names) == {"participant.tags"}


@given(st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False))
@example(-(2**63))
@example(5e-324)
@example(-0.0)
def test_a_number_is_one_literal(number: float) -> None:
    form = {"field": "event.a", "operator": "gte", "value": number}
    text = cel_of_conditions(RuleConditions.model_validate({"all": [form]}), PARTICIPANT_EVENT)
    (found,) = texts_in(tree(text))
    assert (type(found), repr(found)) == (type(number), repr(number))


@pytest.mark.parametrize("value", ["\0", "\ud800", 2**63, float("inf"), float("nan"), "x" * 256, [], {}])
def test_what_no_literal_can_hold_is_refused(value: object) -> None:
    form = {"field": "event.a", "operator": "eq", "value": value}
    with pytest.raises(ValidationError):
        RuleConditions.model_validate({"all": [form]})
