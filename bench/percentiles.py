"""Percentiles of measured values, in the unit of the values."""

from collections.abc import Collection


def percentile(values: Collection[float], percent: float) -> float:
    """The smallest value that at least `percent` of them do not exceed (nearest rank)."""
    ranked = sorted(values)
    rank = -(-len(ranked) * percent // 100)
    return ranked[max(0, int(rank) - 1)]


def spread(values: Collection[float]) -> str:
    """The three that a distribution is told by, for a figure's note."""
    return (
        f"p50 {percentile(values, 50):,.1f}, p99 {percentile(values, 99):,.1f}, max {max(values):,.1f}, "
        f"{len(values):,} measured"
    )
