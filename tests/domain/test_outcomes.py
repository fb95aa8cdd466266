from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.outcomes import Outcome, RunCounts, SkipReason, count_outcomes

Group = tuple[str, str | None, int]

groups = st.lists(
    st.tuples(
        st.sampled_from([outcome.value for outcome in Outcome]),
        st.one_of(st.none(), st.sampled_from([reason.value for reason in SkipReason])),
        st.integers(0, 1_000_000),
    ),
    max_size=20,
)


def rows_in(groups: Sequence[Group]) -> int:
    return sum(count for _, _, count in groups)


@given(groups)
def test_any_ledger_adds_up_to_its_total(groups: list[Group]) -> None:
    counts = count_outcomes(rows_in(groups), groups)
    assert counts.adds_up
    assert counts.processed + counts.pending == counts.total


@given(groups, st.integers(1, 1_000))
def test_a_row_lost_or_counted_twice_is_noticed(groups: list[Group], difference: int) -> None:
    assert not count_outcomes(rows_in(groups) + difference, groups).adds_up
    assert not count_outcomes(rows_in(groups) - difference, groups).adds_up


@given(groups)
def test_the_order_of_the_groups_does_not_matter(groups: list[Group]) -> None:
    total = rows_in(groups)
    assert count_outcomes(total, groups) == count_outcomes(total, reversed(groups))


def test_each_outcome_has_its_own_count() -> None:
    counts = count_outcomes(
        100,
        [
            ("sent", None, 40),
            ("skipped", "no_consent", 20),
            ("skipped", "guard_false", 5),
            ("skipped", None, 4),
            ("failed", None, 8),
            ("failed", "template_error", 2),
            ("unknown", None, 1),
            ("sending", None, 7),
            ("pending", None, 13),
        ],
    )
    assert counts == RunCounts(
        total=100,
        sent=40,
        skipped={"no_consent": 20, "guard_false": 5, "unspecified": 4},
        failed=10,
        unknown=1,
        pending=20,
    )
    assert counts.processed == 80


def test_an_outcome_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="lost"):
        count_outcomes(1, [("lost", None, 1)])


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (RunCounts(), "0 sent"),
        (RunCounts(total=3, sent=3), "3 sent"),
        (
            RunCounts(total=1_237, sent=1_204, skipped={"no_consent": 11, "guard_false": 20}, failed=2),
            "1,204 sent, 31 skipped (guard_false 20, no_consent 11), 2 failed",
        ),
        (
            RunCounts(total=9_000, skipped={"cancelled": 4_000}, unknown=1_000, pending=4_000),
            "0 sent, 4,000 skipped (cancelled 4,000), 1,000 unknown, 4,000 pending",
        ),
    ],
)
def test_the_sentence_names_what_happened_and_leaves_out_what_did_not(
    counts: RunCounts, sentence: str
) -> None:
    assert counts.sentence() == sentence
