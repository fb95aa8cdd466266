"""What became of each occurrence of a schedule, over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from cli.stack import Stack
from tests.api.refusal import assert_refused
from tests.fixtures.carillon import Carillon
from tests.fixtures.people import query

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


async def receipts(carillon: Carillon, automation_id: str, **params: object) -> dict[str, Any]:
    path = f"{carillon.base}/automations/{automation_id}/receipts"
    answer = await carillon.http.get(path, params={name: str(value) for name, value in params.items()})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_fire_of_a_one_time_automation_leaves_a_receipt_that_names_its_run(
    carillon: Carillon,
) -> None:
    past = {"type": "one_time", "trigger_at": "2026-02-28T12:00:00.5Z"}
    automation = await carillon.create(scope="program", trigger=past)
    run = await carillon.closed_run(automation["id"])
    (receipt,) = (await receipts(carillon, automation["id"]))["data"]
    recorded_at = datetime.fromisoformat(receipt.pop("recorded_at"))
    assert receipt == {
        "nominal_at": "2026-02-28T12:00:01Z",
        "outcome": "fired",
        "reason": None,
        "run_id": run["id"],
    }
    assert recorded_at >= datetime.fromisoformat(automation["created_at"])


async def test_receipts_are_paged_newest_first_and_filtered_by_outcome(
    carillon: Carillon, stack: Stack
) -> None:
    automation = await carillon.create()
    for minutes in range(5):
        await query(
            stack.addresses.database_url,
            "INSERT INTO fire_receipt (automation_id, nominal_at, outcome, reason) VALUES (%s, %s, %s, %s) "
            "RETURNING 1",
            automation["id"],
            NOON + timedelta(minutes=minutes),
            *(("fired", None) if minutes % 2 else ("skipped", "missed")),
        )

    async def walk(**params: object) -> list[str]:
        rows: list[str] = []
        cursor: dict[str, object] = {}
        while True:
            page = await receipts(carillon, automation["id"], limit=2, **params, **cursor)
            rows += [row["nominal_at"][14:16] for row in page["data"]]
            if not page["pagination"]["has_more"]:
                return rows
            cursor = {"cursor": page["pagination"]["next_cursor"]}

    assert await walk() == ["04", "03", "02", "01", "00"]
    assert await walk(outcome="fired") == ["03", "01"]
    assert await walk(outcome="skipped") == ["04", "02", "00"]
    skipped = (await receipts(carillon, automation["id"], outcome="skipped"))["data"][0]
    assert (skipped["reason"], skipped["run_id"]) == ("missed", None)


async def test_an_automation_that_never_came_due_has_none(carillon: Carillon) -> None:
    automation = await carillon.create()
    empty = {"data": [], "pagination": {"has_more": False, "next_cursor": None}}
    assert await receipts(carillon, automation["id"]) == empty


async def test_wrong_questions_are_refused(carillon: Carillon) -> None:
    automation = await carillon.create()
    base = f"{carillon.base}/automations"
    for params, field in (
        ({"outcome": "lost"}, "outcome"),
        ({"cursor": "x"}, "cursor"),
        ({"limit": "0"}, "limit"),
    ):
        assert_refused(await carillon.http.get(f"{base}/{automation['id']}/receipts", params=params), field)
    assert (await carillon.http.get(f"{base}/{uuid4()}/receipts")).status_code == 404
