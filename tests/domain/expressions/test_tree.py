"""The tree of a condition: typed nodes, each at its place in the text."""

import pytest

from domain.expressions import PARTICIPANT, compile_condition, engine
from domain.expressions.ast import (
    Call,
    Comprehension,
    Const,
    Ident,
    Position,
    Presence,
    Select,
    StaticType,
    dotted_name,
    walk,
)
from domain.expressions.codec import Source, decode, replace_tree

from .values import NOW


def test_nodes_have_types_and_places() -> None:
    tree = compile_condition('participant.counters.points >= 10\n  && "vip" in participant.tags').ast
    assert isinstance(tree, Call)
    assert (tree.function, tree.type, tree.position) == ("_&&_", StaticType.BOOL, Position(2, 3))
    comparison, membership = tree.args
    assert isinstance(comparison, Call)
    path, number = comparison.args
    assert isinstance(path, Select)
    assert (dotted_name(path), path.type) == ("participant.counters.points", StaticType.ANY)
    assert isinstance(number, Const)
    assert (number.value, number.type, number.position) == (10, StaticType.INT, Position(1, 32))
    assert isinstance(membership, Call)
    assert membership.function == "@in"
    tags = membership.args[1]
    assert isinstance(tags, Ident)
    assert (tags.name, tags.type) == ("participant.tags", StaticType.LIST)


def test_helpers_and_presence_stay_as_they_were_written() -> None:
    tree = compile_condition('has(participant.email) && get(participant.counters, "a", 0) == 1').ast
    presence = next(node for node in walk(tree) if isinstance(node, Presence))
    assert (presence.variable, presence.position) == ("participant.email", Position(1, 1))
    assert [node.function for node in walk(tree) if isinstance(node, Call)] == ["_&&_", "_==_", "get"]


def test_macros_are_comprehensions() -> None:
    tree = compile_condition('participant.tags.exists(t, t == "a")').ast
    assert isinstance(tree, Comprehension)
    assert tree.variable == "t"
    assert dotted_name(tree.range) == "participant.tags"


@pytest.mark.parametrize(
    "text",
    [
        'participant.tags.exists(t, t == "é😀") || has(participant.attributes.x)',
        "[1, -2, 9223372036854775807].exists(n, n > 5) ? 1.5 > -0.25 : null == null",
        'b"\\xff\\x00" == b"" && 18446744073709551615u > 1u',
        '{"a": [true, false, {"b": null}]}.a.size() == 3',
        'participant.tags.map(t, t.size() > 2, t + "x").filter(t, t in ["a"]) != []',
        "participant.tags.exists_one(t, !(t < participant.status)) && now >= participant.created_at",
        "-participant.counters.a % 2 < 1",
    ],
)
def test_a_tree_written_back_is_the_same(text: str) -> None:
    source = Source(text)
    checker = engine._checker(PARTICIPANT)
    serialized = checker.compile(text).serialize()
    tree = decode(serialized, source)
    written = replace_tree(serialized, tree)
    assert decode(written, source) == tree
    again = checker.deserialize(written)
    assert decode(again.serialize(), source) == tree


def test_conditions_of_one_text_are_equal() -> None:
    first = compile_condition.__wrapped__("participant.has_email")
    assert first == compile_condition.__wrapped__("participant.has_email")
    assert first != compile_condition("participant.has_phone")


def test_a_new_runtime_knows_the_types_of_variables_at_once() -> None:
    engine._runner.cache_clear()
    engine._checker.cache_clear()
    condition = compile_condition.__wrapped__("days_since(participant.created_at) == 0")
    assert condition.evaluate({"now": NOW, "participant.created_at": NOW}).matched
