"""What rules made of events, over HTTP: of the program, of a rule, on an event, and one."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.rules.rule import Gate
from store.database import Database
from store.tables import AutomationRule, Event, RuleRun
from tests.api.rules_surface import RulesSurface, assert_faults, assert_problem
from tests.store.rule_history import add_event, add_rule, add_rule_run

# As the seed names them, and then our own.
FIELDS = [
    *("id", "event_id", "rule_id", "conversation_id", "matched", "executed", "result", "created_at"),
    *("rule_name", "event_type", "event_source", "event_status", "contact_id", "channel_source"),
    "stopped_by",
]


@pytest.fixture
def program(rules: RulesSurface) -> UUID:
    return UUID(rules.program_id)


async def three_runs(database: Database, program: UUID) -> tuple[Event, list[RuleRun]]:
    """Runs on one event, the newest first: one that acted, one that was held, one that did not match."""
    event = await add_event(database, program)
    return event, [
        await add_rule_run(database, event, 2),
        await add_rule_run(database, event, 1, stopped_by=Gate.COOLDOWN),
        await add_rule_run(database, event, 0, stopped_by=Gate.CONDITIONS),
    ]


async def ids(rules: RulesSurface, path: str = "/runs", **query: Any) -> list[str]:
    page = await rules.read(path, **query)
    assert page["total"] == len(page["items"])
    return [item["id"] for item in page["items"]]


async def test_a_run_has_the_fields_that_are_documented(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    conversation_id, contact_id = uuid4(), uuid4()
    event = await add_event(
        database,
        program,
        conversation_id=conversation_id,
        participant_id=contact_id,
        channel_source="whatsapp",
        status="FAILED",
    )
    result = {
        "actions": [{"type": "add_tag", "status": "failed", "reason": "full"}],
        "error": "add_tag: full",
    }
    run = await add_rule_run(database, event, stopped_by=Gate.ACTIONS, result=result)
    shown = await rules.read(f"/runs/{run.id}")
    assert list(shown) == FIELDS
    assert shown == {
        "id": str(run.id),
        "event_id": str(event.id),
        "rule_id": str(run.rule_id),
        "conversation_id": str(conversation_id),
        "matched": True,
        "executed": False,
        "result": result,
        "created_at": "2026-06-01T12:00:00Z",
        "rule_name": "A rule",
        "event_type": "purchase",
        "event_source": "api",
        "event_status": "failed",
        "contact_id": str(contact_id),
        "channel_source": "whatsapp",
        "stopped_by": "actions",
    }
    assert await rules.read("/runs") == {"items": [shown], "next_cursor": None, "total": 1}


async def test_runs_are_listed_newest_first_or_as_asked(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    event, runs = await three_runs(database, program)
    acted, held, unmatched = (str(run.id) for run in runs)
    assert await ids(rules) == [acted, held, unmatched]
    assert await ids(rules, sort_by="created_at", sort_order="asc") == [unmatched, held, acted]
    assert await ids(rules, matched=True, executed=False) == [held]
    assert await ids(rules, rule_id=runs[0].rule_id, event_id=event.id) == [acted]
    assert await ids(rules, rule_id=runs[0].rule_id, matched=False) == []


async def test_runs_of_a_rule_and_on_an_event(rules: RulesSurface, program: UUID, database: Database) -> None:
    event, runs = await three_runs(database, program)
    other = await add_event(database, program)
    again = await add_rule_run(database, other, 5, rule_id=runs[0].rule_id)
    of_rule = f"/runs/rule/{again.rule_id}"
    assert await ids(rules, of_rule) == [str(again.id), str(runs[0].id)]
    assert await ids(rules, of_rule, event_id=event.id) == [str(runs[0].id)]
    on_event = f"/runs/event/{event.id}"
    assert await ids(rules, on_event) == [str(run.id) for run in runs]
    assert await ids(rules, on_event, rule_id=again.rule_id, executed=True) == [str(runs[0].id)]


async def test_a_rule_or_an_event_without_runs_has_an_empty_list(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    rule, event = await add_rule(database, program), await add_event(database, program)
    assert await ids(rules, f"/runs/rule/{rule.id}") == []
    assert await ids(rules, f"/runs/event/{event.id}") == []


async def test_runs_outlive_their_rule_and_their_event(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    rule, event = await add_rule(database, program), await add_event(database, program)
    run = await add_rule_run(database, event, rule_id=rule.id)
    async with database.transaction() as session:
        await session.delete(await session.get_one(AutomationRule, rule.id))
        await session.delete(await session.get_one(Event, event.id))
    for path in (f"/runs/rule/{rule.id}", f"/runs/event/{event.id}"):
        assert await ids(rules, path) == [str(run.id)]
        assert await ids(rules, path, matched=False) == []
    assert (await rules.read(f"/runs/{run.id}"))["event_status"] is None


async def test_what_is_of_another_program_is_not_there(
    rules: RulesSurface, program: UUID, database: Database, api: httpx.AsyncClient
) -> None:
    event, (run, *_) = await three_runs(database, program)
    await add_rule(database, program, id=run.rule_id)
    elsewhere = await RulesSurface.of_new_program(api)
    assert await ids(elsewhere) == []
    assert await ids(elsewhere, rule_id=run.rule_id, event_id=event.id) == []
    for path, id_ in (
        ("/runs/{}", run.id),
        ("/runs/{}/explain", run.id),
        ("/runs/rule/{}", run.rule_id),
        ("/runs/event/{}", event.id),
    ):
        assert_problem(await elsewhere.call("GET", path.format(id_)), 404, "not-found")
        assert_problem(await rules.call("GET", path.format(uuid4())), 404, "not-found")


async def test_a_client_walks_by_cursor_or_by_number(
    rules: RulesSurface, program: UUID, database: Database
) -> None:
    _, runs = await three_runs(database, program)
    expected = [str(run.id) for run in runs]
    first = await rules.read("/runs", per_page=2)
    assert first["next_cursor"] == f"2026-06-01T12:01:00+00:00|{runs[1].id}"
    second = await rules.read("/runs", per_page=2, cursor=first["next_cursor"])
    assert [item["id"] for item in (*first["items"], *second["items"])] == expected
    assert (second["next_cursor"], second["total"]) == (None, 3)
    by_number = [(await rules.read("/runs", per_page=1, page=page))["items"] for page in (1, 2, 3, 4)]
    assert [item["id"] for page in by_number for item in page] == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"cursor": "forged"}, "cursor"),
        ({"cursor": ""}, "cursor"),
        ({"cursor": f"2026-06-01T12:00:00+00:00|{uuid4()}"}, "cursor"),
        ({"cursor": f"2026-06-01T12:00:00|{uuid4()}"}, "cursor"),
        ({"cursor": f"+10000-01-01T00:00:00Z|{uuid4()}"}, "cursor"),
        ({"cursor": "x" * 201}, "cursor"),
        ({"cursor": "\0|\0"}, "cursor"),
        ({"cursor": f"2026-06-01T12:00:00Z|{uuid4()}", "page": 1}, "page"),
        ({"page": 0}, "page"),
        ({"page": 100_001, "per_page": 1}, "page"),
        ({"page": 2_001, "per_page": 50}, "page"),
        ({"page": "9" * 5_000}, "page"),
        ({"per_page": 0}, "per_page"),
        ({"per_page": 101}, "per_page"),
        ({"sort_by": "rule_name"}, "sort_by"),
        ({"sort_by": "processed_at"}, "sort_by"),
        ({"sort_order": "up"}, "sort_order"),
        ({"rule_id": "1"}, "rule_id"),
        ({"event_id": "' OR 1=1"}, "event_id"),
        ({"matched": "perhaps"}, "matched"),
    ],
)
async def test_a_list_that_cannot_be_had_is_refused(
    rules: RulesSurface, query: dict[str, Any], field: str
) -> None:
    for path in ("/runs", f"/runs/event/{uuid4()}", f"/runs/rule/{uuid4()}"):
        if field.removesuffix("_id") not in path:
            assert_faults(await rules.call("GET", path, params=query), field)


async def test_a_page_too_deep_is_answered_with_the_way_that_has_no_end(rules: RulesSurface) -> None:
    (fault,) = assert_faults(
        await rules.call("GET", "/runs", params={"page": 1_001, "per_page": 100}), "page"
    )
    assert "next_cursor" in fault["expected"]
    assert (await rules.read("/runs", page=1_000, per_page=100))["items"] == []
