"""The benchmarks behind every figure in the README."""

from collections.abc import Callable, Coroutine
from typing import Any

from bench.crash_points import measure_crash_points
from bench.events import measure_events
from bench.expressions import measure_expressions
from bench.fan_out import measure_fan_out
from bench.journeys import measure_journeys
from bench.lateness import measure_lateness
from bench.list_pages import measure_list_pages
from bench.report import Figure, Report
from bench.rule_lists import measure_rule_lists
from bench.sends import measure_sends
from bench.subscriptions import measure_subscriptions
from bench.writes import measure_writes

BENCHMARKS: dict[str, Callable[[], Coroutine[Any, Any, Report]]] = {
    "crash_points": measure_crash_points,
    "events": measure_events,
    "expressions": measure_expressions,
    "fan_out": measure_fan_out,
    "journeys": measure_journeys,
    "lateness": measure_lateness,
    "list_pages": measure_list_pages,
    "rule_lists": measure_rule_lists,
    "sends": measure_sends,
    "subscriptions": measure_subscriptions,
    "writes": measure_writes,
}

__all__ = ["BENCHMARKS", "Figure", "Report"]
