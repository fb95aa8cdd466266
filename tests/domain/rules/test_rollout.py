from collections import Counter
from math import sqrt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.rules.rollout import BUCKETS, bucket, is_rolled_out

RULE, OTHER = UUID("5b0c6f0e-2f3e-4c57-9f0a-0c2f4d1b8a11"), UUID("5b0c6f0e-2f3e-4c57-9f0a-0c2f4d1b8a12")
SUBJECTS = [UUID(int=number) for number in range(20_000)]
DEVIATIONS = 4

percentages = st.integers(0, 100)


def reached(rule_id: UUID, percentage: int) -> set[UUID]:
    return {subject for subject in SUBJECTS if is_rolled_out(rule_id, subject, percentage)}


def deviation(share: float) -> float:
    """Of the number of subjects of which each is taken by such a chance."""
    return sqrt(len(SUBJECTS) * share * (1 - share))


@given(st.uuids(), st.uuids(), percentages, percentages)
def test_whoever_a_rule_acts_for_it_acts_for_at_every_higher_percentage(
    rule_id: UUID, subject: UUID, one: int, other: int
) -> None:
    low, high = sorted((one, other))
    assert is_rolled_out(rule_id, subject, high) or not is_rolled_out(rule_id, subject, low)


@given(st.uuids(), st.uuids())
def test_nobody_is_reached_at_0_percent_and_everybody_at_100(rule_id: UUID, subject: UUID) -> None:
    assert not is_rolled_out(rule_id, subject, 0)
    assert is_rolled_out(rule_id, subject, 100)


@given(st.uuids(), st.uuids(), percentages)
def test_a_subject_is_reached_from_the_percentage_above_its_bucket(
    rule_id: UUID, subject: UUID, percentage: int
) -> None:
    assert 0 <= bucket(rule_id, subject) < BUCKETS
    assert is_rolled_out(rule_id, subject, percentage) is (percentage > bucket(rule_id, subject))


@pytest.mark.parametrize(
    ("rule_id", "subject", "expected"),
    [
        (RULE, SUBJECTS[0], 14),
        (RULE, SUBJECTS[1], 48),
        (OTHER, SUBJECTS[0], 45),
        (SUBJECTS[0], RULE, 82),
    ],
)
def test_a_subject_keeps_its_bucket_in_every_version_of_carillon(
    rule_id: UUID, subject: UUID, expected: int
) -> None:
    assert bucket(rule_id, subject) == expected


@pytest.mark.parametrize("percentage", [1, 10, 25, 50, 90, 99])
def test_a_percentage_reaches_that_share_of_subjects(percentage: int) -> None:
    share = percentage / 100
    assert abs(len(reached(RULE, percentage)) - share * len(SUBJECTS)) < DEVIATIONS * deviation(share)


def test_no_bucket_is_fuller_than_chance_would_make_it() -> None:
    sizes = Counter(bucket(RULE, subject) for subject in SUBJECTS)
    assert set(sizes) == set(range(BUCKETS))
    mean = len(SUBJECTS) / BUCKETS
    assert max(abs(size - mean) for size in sizes.values()) < DEVIATIONS * deviation(1 / BUCKETS)


def test_whom_one_rule_reaches_says_nothing_of_whom_another_does() -> None:
    both = reached(RULE, 50) & reached(OTHER, 20)
    assert abs(len(both) - 0.1 * len(SUBJECTS)) < DEVIATIONS * deviation(0.1)
