import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from bench.automations import add_automations
from store.automations import AutomationFilter, list_automations, name_is_taken, snapshot_of
from store.database import Database
from store.paging import PageRequest
from store.tables import Automation
from tests.store.records import add_automation

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def add(database: Database, program_id: UUID, name: str, minute: int = 0, **fields: Any) -> None:
    values = {"event_name": "e", "trigger_type": "cron", "scope": "program"} | fields
    async with database.transaction() as session:
        session.add(
            Automation(
                id=uuid4(),
                program_id=program_id,
                name=name,
                created_at=NOON + timedelta(minutes=minute),
                **values,
            )
        )


async def names(database: Database, program_id: UUID, **wanted: str) -> list[str]:
    async with database.transaction() as session:
        page = await list_automations(session, program_id, AutomationFilter(**wanted), PageRequest(50))
    return [automation.name for automation in page.rows]


@pytest.fixture
async def mixed_program(database: Database, program_id: UUID) -> UUID:
    await add(database, program_id, "cron")
    await add(database, program_id, "fan-out", 1, scope="participants")
    await add(database, program_id, "rule", 2, source="rule_action", trigger_type="one_time")
    await add(database, program_id, "stopped", 3, status="failed")
    await add(database, program_id, "old cron", 4, status="archived")
    await add(database, program_id, "old rule", 5, status="archived", source="rule_action")
    return program_id


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, ["stopped", "rule", "fan-out", "cron"]),
        ({"trigger_type": "cron"}, ["stopped", "fan-out", "cron"]),
        ({"scope": "participants"}, ["fan-out"]),
        ({"source": "rule_action"}, ["rule"]),
        ({"status": "failed"}, ["stopped"]),
        ({"status": "archived"}, ["old rule", "old cron"]),
        ({"status": "archived", "source": "rule_action"}, ["old rule"]),
        ({"status": "active", "trigger_type": "one_time"}, ["rule"]),
        ({"search": "CRON"}, ["cron"]),
        ({"search": "cron", "status": "archived"}, ["old cron"]),
        ({"search": "on"}, ["cron"]),
        ({"search": "zebra"}, []),
    ],
)
async def test_filters_are_combined_and_archived_ones_are_listed_only_by_status(
    database: Database, mixed_program: UUID, wanted: dict[str, str], expected: list[str]
) -> None:
    assert await names(database, mixed_program, **wanted) == expected


@pytest.mark.parametrize("special", ["100%", "a_b", "a/b", "a\\b", "'", "ümläut", "生日"])
async def test_a_search_takes_every_character_as_it_is(
    database: Database, program_id: UUID, special: str
) -> None:
    await add(database, program_id, f"before {special} after")
    await add(database, program_id, "before 1000 axb after")
    assert await names(database, program_id, search=special) == [f"before {special} after"]


async def test_the_name_of_an_archived_automation_is_free(database: Database, program_id: UUID) -> None:
    await add(database, program_id, "kept")
    await add(database, program_id, "archived", status="archived")
    async with database.transaction() as session:
        assert await name_is_taken(session, program_id, "kept")
        assert not await name_is_taken(session, program_id, "archived")


@pytest.mark.parametrize(
    ("condition", "index"),
    [
        ("status <> 'archived'", "automation_page"),
        ("status <> 'archived' AND trigger_type = 'immediate'", "automation_page_by_trigger_type"),
        ("status <> 'archived' AND scope = 'program'", "automation_page_by_scope"),
        ("status <> 'archived' AND source = 'rule_action'", "automation_page_by_source"),
        ("status = 'archived'", "automation_page_by_status"),
    ],
)
async def test_a_long_list_is_read_from_an_index_in_its_order_whatever_it_is_filtered_by(
    database: Database, database_url: str, program_id: UUID, condition: str, index: str
) -> None:
    address = database_url.replace("postgresql+psycopg://", "postgresql://", 1)
    await asyncio.to_thread(add_automations, address, str(program_id), 2_000)
    async with database.transaction() as session:
        # A list as short as a test's may as well be sorted; of a long one that would take long.
        await session.execute(text("SET LOCAL enable_sort = off"))
        plan = await session.execute(
            text(
                f"EXPLAIN SELECT * FROM automation WHERE program_id = :program AND {condition} "  # noqa: S608
                "ORDER BY created_at DESC, id DESC LIMIT 51"
            ),
            {"program": program_id},
        )
        lines = " ".join(row[0] for row in plan)
    assert f"using {index} " in lines
    assert "Sort" not in lines


@pytest.mark.parametrize(
    ("change", "is_retimed"),
    [
        ({"cron_expression": "0 10 * * *"}, True),
        ({"timezone": "Asia/Tokyo"}, True),
        ({"trigger_at": NOON}, True),
        ({"jitter_seconds": 5}, True),
        ({"missed_run_policy": "all"}, True),
        ({"status": "paused"}, True),
        ({"processed_at": NOON}, True),
        ({"name": "other", "description": "other", "payload": {"a": 1}, "guard_condition": "true"}, False),
        ({"next_run_at": NOON, "last_run_at": NOON, "run_count": 7}, False),
    ],
)
async def test_a_snapshot_tells_whether_the_timing_changed_and_not_what_it_is(
    database: Database, program_id: UUID, change: dict[str, Any], is_retimed: bool
) -> None:
    automation_id = await add_automation(database, program_id)
    async with database.transaction() as session:
        automation = await session.get_one(Automation, automation_id)
        automation.cron_expression = "0 9 * * *"
        before = await snapshot_of(session, automation)
        for name, value in change.items():
            setattr(automation, name, value)
        after = await snapshot_of(session, automation)
    assert (after.timing != before.timing) is is_retimed
    assert "0 9 * * *" not in before.model_dump_json()
