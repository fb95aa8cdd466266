"""Every benchmark runs, in a size that says nothing about speed."""

from collections.abc import Awaitable, Callable

import pytest

from bench.crash_points import CASES, Point, measure_crash_points
from bench.events import Layout, measure_events
from bench.expressions import EXPRESSIONS, measure_expressions
from bench.fan_out import measure_fan_out
from bench.journeys import measure_journeys
from bench.lateness import measure_lateness
from bench.list_pages import FILTERS, LIMITS, measure_list_pages
from bench.report import Report
from bench.rule_lists import measure_rule_lists
from bench.sends import measure_sends
from bench.subscriptions import measure_subscriptions
from bench.writes import measure_writes

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("measure", "figures"),
    [
        (lambda: measure_crash_points(crashes=1), len(CASES) * len(Point)),
        (lambda: measure_events(rate=50, seconds=1, layouts=(Layout(4, 2),), ladder=()), 5),
        (lambda: measure_expressions(people=300), 3 * len(EXPRESSIONS) + 2),
        (lambda: measure_fan_out(people=60, singles=3), 5),
        (lambda: measure_journeys(people=60, singles=5), 14),
        (lambda: measure_lateness(automations=4, jitter_seconds=2), 6),
        (lambda: measure_list_pages(many=300, few=120, repeats=1), len(FILTERS) * len(LIMITS)),
        (lambda: measure_rule_lists(many=2_000, repeats=1), 27),
        (lambda: measure_sends(people=300, bare=50), 7),
        (lambda: measure_subscriptions(people=60, due=6, changes=8), 7),
        (lambda: measure_writes(requests=4), 5),
    ],
    ids=[
        "crash_points",
        "events",
        "expressions",
        "fan_out",
        "journeys",
        "lateness",
        "list_pages",
        "rule_lists",
        "sends",
        "subscriptions",
        "writes",
    ],
)
async def test_a_benchmark_measures_all_its_figures(
    measure: Callable[[], Awaitable[Report]], figures: int
) -> None:
    report = await measure()
    assert len(report.figures) == figures
    assert all(figure.value >= 0 for figure in report.figures)
    assert len({figure.name for figure in report.figures}) == figures
