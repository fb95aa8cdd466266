"""Statistics of rules over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.roles import Role
from domain.rules.stat_windows import days_window
from store.database import Database
from store.tables import Event
from tests.api.rules_surface import RulesSurface, assert_faults, assert_problem
from tests.fixtures.in_process import secret_of_new_key
from tests.store.alerting import add_rule, did, failed, matched_daily

STATS = "/stats"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EACH = (STATS, f"{STATS}/timeseries", f"{STATS}/alerts")


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def surface(api: httpx.AsyncClient, program_id: UUID) -> RulesSurface:
    """That of a new, empty program."""
    return RulesSurface(api, str(program_id))


async def test_the_overview_counts_rules_events_and_runs(
    surface: RulesSurface, database: Database, program_id: UUID
) -> None:
    rule = await add_rule(database, program_id)
    await add_rule(database, program_id, is_active=False, snoozed_until=now() + HOUR)
    await did(database, rule, now(), total=9, matched=6, executed=4, held=1)
    await did(database, rule, now() - 40 * DAY, total=100, matched=100, executed=100)
    async with database.transaction() as session:
        for status in ("COMPLETED", "FAILED"):
            fields = {"kind": "EXTERNAL", "type": "t", "payload_hash": "0" * 64, "source": "api"}
            session.add(Event(program_id=program_id, status=status, **fields))
    assert await surface.read(STATS) == {
        "total_rules": 2,
        "active_rules": 1,
        "snoozed_rules": 1,
        "total_events": 2,
        "total_runs": 9,
        "matched_runs": 6,
        "executed_runs": 4,
        "failed_events": 1,
    }
    assert (await surface.read(STATS, window_days=60))["total_runs"] == 109


async def test_a_series_has_every_bucket_and_sums_to_the_overview(
    surface: RulesSurface, database: Database, program_id: UUID
) -> None:
    one, other = [await add_rule(database, program_id) for _ in range(2)]
    await did(database, one, now(), total=3, matched=2, executed=1)
    await did(database, one, now() - 3 * DAY, total=5, matched=5, executed=5)
    await did(database, other, now() - 3 * DAY, total=7)
    series = await surface.read(f"{STATS}/timeseries")
    assert len(series) == 30
    first = days_window(now(), 30)
    expected = [(first + number * DAY).strftime("%Y-%m-%dT%H:%M:%SZ") for number in range(30)]
    assert [bucket["bucket"] for bucket in series] == expected
    assert sum(bucket["total_runs"] for bucket in series) == 15
    weeks = await surface.read(f"{STATS}/timeseries", window_days=30, bucket_days=7)
    assert [len(weeks), sum(bucket["matched_runs"] for bucket in weeks)] == [5, 7]
    own = await surface.read(f"/rules/{other.id}/stats/timeseries", window_days=4)
    assert [(bucket["total_runs"], bucket["matched_runs"]) for bucket in own] == [
        (7, 0),
        (0, 0),
        (0, 0),
        (0, 0),
    ]


async def test_alert_statistics_are_the_worst_first_with_held_back_runs_left_out(
    surface: RulesSurface, database: Database, program_id: UUID
) -> None:
    fine, bad, worse, held, few, idle = [
        await add_rule(database, program_id, name=name)
        for name in ("fine", "bad", "worse", "held", "few", "idle")
    ]
    await failed(database, fine, now(), 1, out_of=40)
    await failed(database, bad, now(), 16, out_of=40)
    await failed(database, worse, now(), 30, out_of=40)
    await did(database, held, now(), total=90, matched=60, executed=20, held=40)
    await failed(database, few, now(), 9, out_of=9)
    await did(database, idle, now(), total=10, matched=4, held=4)
    found = await surface.read(f"{STATS}/alerts")
    assert [(one["rule_name"], one["alert_level"], one["failure_rate_pct"]) for one in found] == [
        ("worse", "critical", 75.0),
        ("bad", "warning", 40.0),
        ("few", "ok", 100.0),
        ("fine", "ok", 2.5),
        ("held", "ok", 0.0),
    ]
    assert found[0] == {
        "rule_id": str(worse.id),
        "rule_name": "worse",
        "matched_runs": 40,
        "executed_runs": 10,
        "failure_rate_pct": 75.0,
        "alert_level": "critical",
        "reason": "failure_rate",
    }
    assert (found[-1]["matched_runs"], found[-1]["reason"]) == (20, None)


async def test_rules_are_judged_by_their_own_settings_and_by_what_the_query_names_instead(
    surface: RulesSurface, database: Database, program_id: UUID
) -> None:
    own = {"min_matched_runs": 1, "failure_rate_threshold_pct": 40.0, "window_hours": 2}
    rule = await add_rule(database, program_id, alert_settings=own)
    await failed(database, rule, now(), 2, out_of=4)
    await failed(database, rule, now() - 5 * HOUR, 0, out_of=96)

    async def level(**query: Any) -> tuple[str, int]:
        (found,) = await surface.read(f"{STATS}/alerts", **query)
        return found["alert_level"], found["matched_runs"]

    assert await level() == ("warning", 4)
    assert await level(failure_rate_threshold_pct=25) == ("critical", 4)
    assert await level(min_matched_runs=5) == ("ok", 4)
    assert await level(window_days=2) == ("ok", 100)
    assert await level(window_days=2, failure_rate_threshold_pct=2) == ("warning", 100)


async def test_a_silent_rule_is_told_though_nothing_matched(
    surface: RulesSurface, database: Database, program_id: UUID
) -> None:
    rule = await add_rule(database, program_id)
    await matched_daily(database, rule, now() - 2 * HOUR, range(1, 8), matched=20)
    (found,) = await surface.read(f"{STATS}/alerts")
    assert (found["rule_id"], found["alert_level"], found["reason"]) == (str(rule.id), "warning", "silent")
    assert (found["matched_runs"], found["failure_rate_pct"]) == (0, 0.0)


async def test_another_programs_rules_are_neither_counted_nor_found(
    surface: RulesSurface, database: Database, program_id: UUID, api: httpx.AsyncClient
) -> None:
    rule = await add_rule(database, program_id)
    await failed(database, rule, now(), 30, out_of=40)
    elsewhere = (await api.post("/v1/programs", json={"name": "Elsewhere"})).json()["id"]
    surface = RulesSurface(api, elsewhere)
    assert await surface.read(f"{STATS}/alerts") == []
    assert set((await surface.read(STATS)).values()) == {0}
    assert {bucket["total_runs"] for bucket in await surface.read(f"{STATS}/timeseries")} == {0}
    for path in ("stats/timeseries", "alerts"):
        for rule_id in (rule.id, uuid4()):
            assert_problem(await surface.call("GET", f"/rules/{rule_id}/{path}"), 404, "not-found")


@pytest.mark.parametrize("role", [Role.AGENT, Role.VIEWER])
async def test_statistics_are_for_supervisors(
    surface: RulesSurface, database: Database, program_id: UUID, role: Role
) -> None:
    rule = await add_rule(database, program_id)
    headers = {"X-API-Key": await secret_of_new_key(database, role)}
    for path in (*EACH, f"/rules/{rule.id}/stats/timeseries", f"/rules/{rule.id}/alerts"):
        assert_problem(await surface.call("GET", path, headers=headers), 403, "forbidden")


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        (STATS, {"window_days": 0}, "window_days"),
        (STATS, {"window_days": 366}, "window_days"),
        (STATS, {"window_days": "x"}, "window_days"),
        (f"{STATS}/timeseries", {"bucket_days": 0}, "bucket_days"),
        (f"{STATS}/timeseries", {"window_days": 7, "bucket_days": 8}, "bucket_days"),
        (f"{STATS}/timeseries", {"bucket_days": 31}, "bucket_days"),
        (f"{STATS}/alerts", {"min_matched_runs": 0}, "min_matched_runs"),
        (f"{STATS}/alerts", {"failure_rate_threshold_pct": 0}, "failure_rate_threshold_pct"),
        (f"{STATS}/alerts", {"failure_rate_threshold_pct": "nan"}, "failure_rate_threshold_pct"),
        (f"{STATS}/alerts", {"failure_rate_threshold_pct": 101}, "failure_rate_threshold_pct"),
    ],
)
async def test_a_query_out_of_range_is_refused_by_the_name_of_the_field(
    surface: RulesSurface, path: str, query: dict[str, Any], field: str
) -> None:
    assert_faults(await surface.call("GET", path, params=query), field)
