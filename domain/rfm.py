"""Recency, frequency, monetary: how people are scored against the others of their program, and what that makes them.

A score is 1 to 5, by fifths: 5 is the best. Who is alike is scored alike, with the lowest score of their group, so
that a program where nearly everybody came once does not have its regulars among those.
"""

from dataclasses import dataclass
from enum import StrEnum

SCORES = 5
LAST_VISIT_AT = "last_visit_at"
TOTAL_VISITS = "total_visits"
TOTAL_SPEND = "total_spend"
RFM_SEGMENT = "rfm_segment"
RFM_RECENCY = "rfm_recency"
RFM_FREQUENCY = "rfm_frequency"
RFM_MONETARY = "rfm_monetary"


class RfmSegment(StrEnum):
    CHAMPIONS = "champions"
    CANNOT_LOSE = "cannot_lose"
    AT_RISK = "at_risk"
    LOYAL = "loyal"
    NEW = "new"
    POTENTIAL_LOYALIST = "potential_loyalist"
    NEEDS_ATTENTION = "needs_attention"
    HIBERNATING = "hibernating"


Range = tuple[int, int]
ANY: Range = (1, SCORES)
ANY_VISITS: Range = (0, 2**31 - 1)


@dataclass(frozen=True, slots=True)
class RfmRule:
    """Who is in the segment: within each range, ends included, and in no segment of a rule before this one."""

    segment: RfmSegment
    recency: Range = ANY
    frequency: Range = ANY
    monetary: Range = ANY
    visits: Range = ANY_VISITS


RFM_RULES = (
    RfmRule(RfmSegment.CHAMPIONS, recency=(4, 5), frequency=(4, 5), monetary=(4, 5)),
    RfmRule(RfmSegment.CANNOT_LOSE, recency=(1, 2), frequency=(4, 5), monetary=(4, 5)),
    RfmRule(RfmSegment.AT_RISK, recency=(1, 2), frequency=(3, 5)),
    RfmRule(RfmSegment.LOYAL, recency=(3, 5), frequency=(4, 5)),
    RfmRule(RfmSegment.NEW, recency=(4, 5), visits=(0, 1)),
    RfmRule(RfmSegment.POTENTIAL_LOYALIST, recency=(3, 5), visits=(2, 5)),
    RfmRule(RfmSegment.NEEDS_ATTENTION, recency=(3, 5)),
    RfmRule(RfmSegment.HIBERNATING),
)
