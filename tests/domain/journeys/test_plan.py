"""A tree of blocks as a plan: every way leads on, branches meet again, nothing leads back."""

import pytest

from domain.journeys.plan import PlanError, compile_plan, every_block
from tests.domain.journeys.journey_blocks import ab, delay, journey, split, tag, tagged, wait

TREE = journey(
    tag("first"),
    split("split", [tagged("vip")], [tag("yes"), ab("ab", 50, [tag("a")], [])], []),
    wait("wait", "placed order", [], [tag("late")]),
    tag("last"),
)


def test_each_block_leads_to_the_one_after_it_and_the_last_to_the_end() -> None:
    plan = compile_plan(journey(tag("a"), delay("b"), tag("c")))
    assert plan.first == "a"
    assert {id_: node.next for id_, node in plan.nodes.items()} == {"a": "b", "b": "c", "c": None}


def test_branches_meet_again_behind_their_block_and_an_empty_one_is_already_there() -> None:
    plan = compile_plan(TREE)
    assert plan.nodes["split"].branches == ("yes", "wait")
    assert plan.nodes["yes"].next == "ab"
    assert plan.nodes["ab"].branches == ("a", "wait")
    assert plan.nodes["a"].next == "wait"
    assert plan.nodes["wait"].branches == ("last", "late")
    assert plan.nodes["late"].next == "last"


def test_blocks_lie_ahead_of_those_before_them_and_of_nothing_else() -> None:
    plan = compile_plan(TREE)
    assert plan.reaches(None, "first")
    assert plan.reaches("first", "a")
    assert plan.reaches("yes", "last")
    assert not plan.reaches("last", "last")
    assert not plan.reaches("wait", "yes")
    assert not plan.reaches("late", "a")
    assert not plan.reaches("first", "nowhere")


def test_no_way_leads_back() -> None:
    plan = compile_plan(TREE)
    for node in plan.nodes.values():
        for following in (*node.branches, node.next):
            assert following is None or plan.nodes[following].place > node.place


def test_a_hundred_branches_within_each_other_make_a_plan() -> None:
    blocks = [tag("innermost")]
    for number in range(100):
        blocks = [split(f"s{number}", [tagged("vip")], blocks, [])]
    plan = compile_plan(journey(*blocks))
    assert len(plan.nodes) == 101
    assert plan.reaches("s99", "innermost")
    assert plan.nodes["innermost"].next is None


def test_a_journey_without_blocks_is_over_at_once() -> None:
    assert compile_plan(journey()).first is None


def test_two_blocks_of_one_id_make_no_plan() -> None:
    with pytest.raises(PlanError, match="two blocks have the id a"):
        compile_plan(journey(tag("a"), tag("a")))


def test_every_block_is_told_each_before_those_in_its_branches() -> None:
    assert [block.id for block in every_block(TREE)] == [
        *("first", "split", "yes", "ab", "a", "wait", "late", "last")
    ]
