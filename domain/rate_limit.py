"""A token bucket: so many requests a second on average, and so many at once after a quiet time."""

import math
from dataclasses import dataclass

# Far less than one request, and more than sums of many fractions are off by.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class RateLimit:
    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is missing from a full bucket at an instant, in unix seconds. A new one is full."""

    missing: float = 0.0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Level:
    """What a client is told: the whole requests left, and the unix second when the bucket is full."""

    remaining: int
    full_at: int


@dataclass(frozen=True, slots=True)
class Taking:
    """The bucket after a request asked for its token; `wait_seconds` is None when it got one."""

    bucket: Bucket
    wait_seconds: int | None


def take(bucket: Bucket, limit: RateLimit, now: float) -> Taking:
    """One token, if there is one. A clock that was set back refills nothing and takes nothing."""
    refilled = _refill(bucket, limit, now)
    excess = refilled.missing + 1 - limit.burst
    if excess <= _ROUNDING:
        return Taking(Bucket(refilled.missing + 1, now), None)
    return Taking(refilled, math.ceil(excess / limit.per_second))


def level(bucket: Bucket, limit: RateLimit, now: float) -> Level:
    missing = _refill(bucket, limit, now).missing
    remaining = max(0, math.floor(limit.burst - missing + _ROUNDING))
    return Level(remaining, math.ceil(now + missing / limit.per_second))


def _refill(bucket: Bucket, limit: RateLimit, now: float) -> Bucket:
    elapsed = max(0.0, now - bucket.at)
    return Bucket(max(0.0, bucket.missing - elapsed * limit.per_second), now)
