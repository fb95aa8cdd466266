"""The segments that scores make."""

from itertools import product

import pytest

from domain.rfm import RFM_RULES, SCORES, RfmSegment


def segment_of(recency: int, frequency: int, monetary: int, visits: int = 20) -> RfmSegment:
    values = {"recency": recency, "frequency": frequency, "monetary": monetary, "visits": visits}
    return next(
        rule.segment
        for rule in RFM_RULES
        if all(getattr(rule, name)[0] <= value <= getattr(rule, name)[1] for name, value in values.items())
    )


@pytest.mark.parametrize(
    ("scores", "visits", "segment"),
    [
        ((5, 5, 5), 20, RfmSegment.CHAMPIONS),
        ((4, 4, 4), 20, RfmSegment.CHAMPIONS),
        ((1, 5, 5), 20, RfmSegment.CANNOT_LOSE),
        ((2, 4, 4), 20, RfmSegment.CANNOT_LOSE),
        ((2, 5, 3), 20, RfmSegment.AT_RISK),
        ((1, 3, 1), 20, RfmSegment.AT_RISK),
        ((5, 5, 3), 20, RfmSegment.LOYAL),
        ((3, 4, 5), 20, RfmSegment.LOYAL),
        ((5, 1, 5), 1, RfmSegment.NEW),
        ((5, 2, 1), 2, RfmSegment.POTENTIAL_LOYALIST),
        ((3, 3, 3), 5, RfmSegment.POTENTIAL_LOYALIST),
        ((3, 3, 3), 6, RfmSegment.NEEDS_ATTENTION),
        ((3, 1, 1), 1, RfmSegment.NEEDS_ATTENTION),
        ((1, 1, 5), 1, RfmSegment.HIBERNATING),
        ((2, 2, 2), 3, RfmSegment.HIBERNATING),
    ],
)
def test_scores_make_a_segment(scores: tuple[int, int, int], visits: int, segment: RfmSegment) -> None:
    assert segment_of(*scores, visits) is segment


def test_everybody_is_in_a_segment_and_each_segment_can_be_reached() -> None:
    scores = range(1, SCORES + 1)
    found = {segment_of(r, f, m, v) for r, f, m in product(scores, repeat=3) for v in (1, 3, 20)}
    assert found == set(RfmSegment)
