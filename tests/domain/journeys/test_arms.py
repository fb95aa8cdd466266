"""Who takes which arm: sticky, monotone, and as many as was asked for."""

from collections import Counter
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.journeys.arms import arm_of, is_within, place

PLACES = st.integers(0, 2**64 - 1)
JOURNEY, BLOCK = "a" * 24, "b" * 24


def test_a_place_is_always_the_same() -> None:
    """Written down, so that nobody moves when the code changes."""
    assert place(JOURNEY, BLOCK, UUID(int=7)) == 16_710_719_617_295_754_576


def test_people_have_places_of_their_own_at_each_block() -> None:
    people = [uuid4() for _ in range(100)]
    assert len({place(JOURNEY, block, person) for person in people for block in (BLOCK, "c")}) == 200


@given(PLACES, st.integers(0, 100), st.integers(0, 100))
def test_who_is_within_a_percentage_is_within_a_higher_one(where: int, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert is_within(high, where) or not is_within(low, where)


@given(PLACES)
def test_nobody_is_within_nothing_and_everybody_within_all(where: int) -> None:
    assert not is_within(0, where)
    assert is_within(100, where)


@given(PLACES, st.lists(st.integers(0, 1_000), min_size=1).filter(any))
def test_an_arm_without_weight_is_taken_by_nobody(where: int, weights: list[int]) -> None:
    assert weights[arm_of(weights, where)] > 0


def test_arms_are_taken_by_their_weights() -> None:
    taken = Counter(arm_of((1, 2, 7), place(JOURNEY, BLOCK, UUID(int=number))) for number in range(10_000))
    assert [round(taken[arm] / 1_000) for arm in range(3)] == [1, 2, 7]


def test_a_split_into_a_and_b_is_one_of_two_arms() -> None:
    for number in range(1_000):
        where = place(JOURNEY, BLOCK, UUID(int=number))
        assert is_within(30, where) == (arm_of((30, 70), where) == 0)


def test_weights_that_are_all_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="no arm"):
        arm_of((0, 0), 1)
