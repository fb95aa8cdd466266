"""The token bucket: what it lets pass, what it refuses, and what it says about itself."""

import math

from hypothesis import given
from hypothesis import strategies as st

from domain.rate_limit import Bucket, RateLimit, level, take

START = 1_800_000_000.0
rates = st.floats(0.1, 1_000)
bursts = st.integers(1, 1_000)
limits = st.builds(RateLimit, rates, bursts)
pauses = st.lists(st.floats(0, 5), max_size=60)


def passed(bucket: Bucket, limit: RateLimit, now: float) -> tuple[Bucket, bool]:
    taking = take(bucket, limit, now)
    return taking.bucket, taking.wait_seconds is None


def emptied(limit: RateLimit, now: float) -> Bucket:
    bucket = Bucket()
    for _ in range(limit.burst):
        bucket, went = passed(bucket, limit, now)
        assert went
    return bucket


@given(limits)
def test_a_full_bucket_lets_exactly_a_burst_pass_at_once(limit: RateLimit) -> None:
    assert take(emptied(limit, START), limit, START).wait_seconds is not None


@given(limits, pauses)
def test_no_more_pass_than_the_burst_and_the_rate_over_the_time(
    limit: RateLimit, pauses: list[float]
) -> None:
    bucket, now, count = Bucket(), START, 0
    for pause in pauses:
        now += pause
        bucket, went = passed(bucket, limit, now)
        count += went
        assert count <= limit.burst + (now - START) * limit.per_second + 0.01


@given(limits, pauses)
def test_at_the_rate_itself_nobody_is_ever_refused(limit: RateLimit, pauses: list[float]) -> None:
    bucket, now = Bucket(), START
    for pause in pauses:
        now += 1.001 / limit.per_second + pause
        bucket, went = passed(bucket, limit, now)
        assert went


@given(limits, st.floats(0, 0.05))
def test_who_waits_as_told_passes(limit: RateLimit, later: float) -> None:
    now = START + later
    taking = take(emptied(limit, START), limit, now)
    if taking.wait_seconds is not None:
        assert taking.wait_seconds >= 1
        assert take(taking.bucket, limit, now + taking.wait_seconds).wait_seconds is None


@given(limits)
def test_a_refusal_costs_nothing(limit: RateLimit) -> None:
    empty = emptied(limit, START)
    refused = take(empty, limit, START).bucket
    assert level(refused, limit, START) == level(empty, limit, START)


@given(limits, pauses)
def test_what_remains_is_what_would_pass_now(limit: RateLimit, pauses: list[float]) -> None:
    bucket, now = Bucket(), START
    for pause in pauses:
        now += pause / 100
        bucket, _ = passed(bucket, limit, now)
    promised = level(bucket, limit, now).remaining
    assert 0 <= promised <= limit.burst
    for _ in range(promised):
        bucket, went = passed(bucket, limit, now)
        assert went
    assert not passed(bucket, limit, now)[1]


@given(limits, pauses)
def test_at_the_reset_instant_the_bucket_is_full(limit: RateLimit, pauses: list[float]) -> None:
    bucket, now = Bucket(), START
    for pause in pauses:
        now += pause / 100
        bucket, _ = passed(bucket, limit, now)
    full_at = level(bucket, limit, now).full_at
    assert full_at >= now
    assert level(bucket, limit, full_at).remaining == limit.burst


def test_an_untouched_bucket_is_full_now() -> None:
    assert level(Bucket(), RateLimit(10, 30), START).full_at == math.ceil(START)


@given(limits, st.floats(0, 1_000_000))
def test_a_clock_set_back_neither_refills_nor_blocks(limit: RateLimit, back: float) -> None:
    empty = emptied(limit, START)
    taking = take(empty, limit, START - back)
    assert taking.wait_seconds is not None
    assert take(taking.bucket, limit, START - back + taking.wait_seconds).wait_seconds is None
