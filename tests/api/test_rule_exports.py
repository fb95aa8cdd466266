"""Runs and events as CSV files, over HTTP."""

import csv
import io
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.roles import Role
from domain.rules.rule import Gate
from store.database import Database
from store.queue_lists import EVENT_COLUMNS
from store.rule_run_lists import RUN_COLUMNS
from tests.api.rules_surface import RulesSurface, assert_faults, assert_problem
from tests.fixtures.in_process import secret_of_new_key
from tests.store.rule_history import add_event, add_rule_run

EXPORTS = ("/runs/export", "/events/export")


@pytest.fixture
def program(rules: RulesSurface) -> UUID:
    return UUID(rules.program_id)


async def download(rules: RulesSurface, path: str, **query: Any) -> list[dict[str, str]]:
    answer = await rules.call("GET", path, params=query)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline=""), strict=True))


async def exported(rules: RulesSurface, path: str, **query: Any) -> list[str]:
    return [row["id"] for row in await download(rules, path, **query)]


@pytest.mark.parametrize("path", EXPORTS)
async def test_an_export_is_a_file_with_a_header(rules: RulesSurface, path: str) -> None:
    answer = await rules.call("GET", path)
    columns = RUN_COLUMNS if "runs" in path else EVENT_COLUMNS
    assert answer.text == ",".join(columns) + "\r\n"
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="automation-')


async def test_the_columns_of_a_file_are_the_fields_of_the_list(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    await add_rule_run(database, await add_event(database, program))
    for path in EXPORTS:
        (listed,) = (await rules.read(path.removesuffix("/export")))["items"]
        (row,) = await download(rules, path)
        assert list(row) == list(listed)


async def test_runs_are_exported_as_asked(rules: RulesSurface, program: UUID, database: Database) -> None:
    event = await add_event(database, program)
    acted = await add_rule_run(database, event, 2)
    held = await add_rule_run(database, event, 1, stopped_by=Gate.ROLLOUT)
    missed = await add_rule_run(database, await add_event(database, program), stopped_by=Gate.CONDITIONS)
    runs = [str(run.id) for run in (acted, held, missed)]
    assert await exported(rules, "/runs/export") == runs
    assert await exported(rules, "/runs/export", limit=1, sort_order="asc") == runs[2:]
    assert await exported(rules, "/runs/export", event_id=event.id, matched=True, executed=False) == runs[1:2]
    assert await exported(rules, "/runs/export", rule_id=acted.rule_id) == runs[:1]
    period = {"created_from": "2026-06-01T13:00:00+01:00", "created_to": "2026-06-01T12:02:00Z"}
    assert await exported(rules, "/runs/export", **period) == runs[1:]


async def test_events_are_exported_as_asked(rules: RulesSurface, program: UUID, database: Database) -> None:
    failed = await add_event(database, program, 2, status="FAILED", source="rule")
    said = await add_event(database, program, 1, type="said", status="RECEIVED")
    bought = await add_event(database, program, 0, processed_at=failed.created_at)
    events = [str(event.id) for event in (failed, said, bought)]
    assert await exported(rules, "/events/export") == events
    assert await exported(rules, "/events/export", status="failed", source="rule") == events[:1]
    assert await exported(rules, "/events/export", event_type="said", status="pending") == events[1:2]
    assert await exported(rules, "/events/export", payload_hash=bought.payload_hash.upper()) == events[2:]
    assert (await exported(rules, "/events/export", sort_by="processed_at"))[0] == events[2]
    assert await exported(rules, "/events/export", created_from="2026-06-01T12:01:00Z") == events[:2]


async def test_what_is_of_another_program_is_not_exported(
    rules: RulesSurface, program: UUID, database: Database, api: httpx.AsyncClient
) -> None:
    run = await add_rule_run(database, await add_event(database, program))
    elsewhere = await RulesSurface.of_new_program(api)
    assert await exported(elsewhere, "/runs/export", rule_id=run.rule_id) == []
    assert await exported(elsewhere, "/events/export") == []


@pytest.mark.parametrize("path", EXPORTS)
async def test_only_supervisors_and_admins_export(rules: RulesSurface, database: Database, path: str) -> None:
    for role in (Role.AGENT, Role.VIEWER):
        headers = {"X-API-Key": await secret_of_new_key(database, role)}
        assert_problem(await rules.call("GET", path, headers=headers), 403, "forbidden")
    headers = {"X-API-Key": await secret_of_new_key(database, Role.SUPERVISOR)}
    assert (await rules.call("GET", path, headers=headers)).status_code == 200


@pytest.mark.parametrize("path", EXPORTS)
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1_000_001}, "limit"),
        ({"sort_by": "rule_name"}, "sort_by"),
        ({"sort_order": "up"}, "sort_order"),
        ({"created_from": "yesterday"}, "created_from"),
        ({"created_from": "2026-06-01T12:00:00"}, "created_from"),
        ({"created_to": "9" * 400}, "created_to"),
        ({"created_from": "2026-06-01T12:00:00Z", "created_to": "2026-06-01T13:00:00+01:00"}, "created_to"),
    ],
)
async def test_an_export_that_cannot_be_had_is_refused(
    rules: RulesSurface, path: str, query: dict[str, Any], field: str
) -> None:
    assert_faults(await rules.call("GET", path, params=query), field)


@pytest.mark.parametrize("path", EXPORTS)
async def test_the_edges_of_time_are_instants_like_any_other(rules: RulesSurface, path: str) -> None:
    period = {"created_from": "0001-01-01T00:00:00+14:00", "created_to": "9999-12-31T23:59:59-14:00"}
    assert await exported(rules, path, **period) == []
