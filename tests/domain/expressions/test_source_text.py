"""A tree written as text again is the tree of that text."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from domain.expressions import PARTICIPANT_EVENT, ExpressionError, compile_condition
from domain.expressions.ast import Call, Comprehension, Expr, Position, chain, transform, walk
from domain.expressions.macros import macro_of
from domain.expressions.source_text import source_text

from .test_conformance import CASES
from .test_second_opinion import conditions

PLACE = Position(1, 1)


def shape(tree: Expr) -> object:
    """What is left of a tree without places, and without the nesting of a row of && or ||."""

    def forget(node: Any) -> Any:
        node = replace(node, id=0, position=PLACE)
        if isinstance(node, Call) and node.function in ("_&&_", "_||_"):
            return replace(node, args=tuple(chain(node, node.function)))
        return node

    return transform(tree, forget)


def tree_of(text: str) -> Expr:
    return compile_condition(text, PARTICIPANT_EVENT).ast


def compiles(text: str) -> bool:
    try:
        compile_condition(text, PARTICIPANT_EVENT)
    except ExpressionError:
        return False
    return True


@pytest.mark.parametrize("text", [text for _, _, text in CASES if compiles(text)])
def test_every_condition_of_the_language_can_be_written_again(text: str) -> None:
    tree = tree_of(text)
    assert shape(tree_of(source_text(tree))) == shape(tree)


@given(conditions)
def test_operators_keep_their_operands(text: str) -> None:
    tree = tree_of(text)
    assert shape(tree_of(source_text(tree))) == shape(tree)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("((1+2))*3==9", "(1 + 2) * 3 == 9"),
        ("1-(2-3)==2", "1 - (2 - 3) == 2"),
        ("!(event.a==1||event.b==2)", "!(event.a == 1 || event.b == 2)"),
        ("'it\\'s'==\"a\\nb\"", '"it\'s" == "a\\nb"'),
        ("has( participant . email )", "has(participant.email)"),
        ('event["a b"].c==1u', 'event["a b"].c == 1u'),
        ("event.l.map(x,x>1,x*2)==[4]", "event.l.map(x, x > 1, x * 2) == [4]"),
        ("event.l.filter(x,x>1)==[4]", "event.l.filter(x, x > 1) == [4]"),
        ("event.a==1?true:event.b==2?false:true", "event.a == 1 ? true : event.b == 2 ? false : true"),
    ],
)
def test_the_style_is_plain(text: str, written: str) -> None:
    assert source_text(tree_of(text)) == written


@pytest.mark.parametrize("name", ["all", "exists", "exists_one", "filter", "map"])
def test_a_loop_is_known_by_its_name(name: str) -> None:
    text = f"[1].{name}(x, x == 1)"
    tree = tree_of(f"{text} == {text}")
    assert isinstance(tree, Call)
    loops = [macro_of(node).name for node in walk(tree) if isinstance(node, Comprehension)]
    assert loops == [name, name]
