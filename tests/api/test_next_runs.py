"""What an automation, or a schedule nobody has saved yet, will do next."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from cli.stack import Stack
from tests.api.refusal import assert_refused
from tests.fixtures.carillon import Carillon, eventually

NIGHTLY = {"type": "cron", "cron_expression": "30 2 * * *", "timezone": "Europe/Berlin"}
IN_2050 = {"type": "one_time", "trigger_at": "2050-03-01T09:00:00.250Z", "timezone": "Asia/Kolkata"}


@pytest.fixture(scope="module")
async def own(http: httpx.AsyncClient, stack: Stack) -> Carillon:
    return await Carillon.with_new_program(http, stack.addresses.inbox_url)


async def next_runs(own: Carillon, automation: dict[str, Any], **query: object) -> dict[str, Any]:
    answer = await ask(own, automation, **query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask(own: Carillon, automation: dict[str, Any], **query: object) -> httpx.Response:
    path = f"{own.base}/automations/{automation['id']}/next-runs"
    return await own.http.get(path, params={name.rstrip("_"): str(value) for name, value in query.items()})


def nothing_ahead(status: str) -> dict[str, Any]:
    return {"data": [], "timezone": "UTC", "status": status, "schedule_paused": False}


async def preview(own: Carillon, **body: object) -> httpx.Response:
    return await own.http.post(f"{own.base}/automations/preview-schedule", json=body)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"])
@pytest.mark.parametrize("expression", ["0 0 1 1 *", "15 2 * 3,10 sun", "30 9 L * *"])
async def test_the_first_next_run_is_the_automations_next_run_at(
    own: Carillon, zone: str, expression: str
) -> None:
    trigger = {"type": "cron", "cron_expression": expression, "timezone": zone}
    automation = await own.create(scope="program", trigger=trigger)
    found = await next_runs(own, automation, limit=3)
    assert found["data"][0]["run_at"] == automation["next_run_at"]
    assert len(found["data"]) == 3
    assert (found["timezone"], found["status"]) == (zone, "active")


async def test_the_runs_are_told_in_utc_and_on_the_wall_clock_with_a_note_where_that_jumps(
    own: Carillon,
) -> None:
    automation = await own.create(trigger=NIGHTLY)
    found = await next_runs(own, automation, limit=2, from_="2026-03-28T12:00:00Z")
    assert found["data"] == [
        {
            "run_at": "2026-03-29T01:00:00Z",
            "local": "2026-03-29T03:00:00+02:00",
            "note": "02:30 does not exist on 2026-03-29 in Europe/Berlin; fires at 03:00",
        },
        {"run_at": "2026-03-30T00:30:00Z", "local": "2026-03-30T02:30:00+02:00", "note": None},
    ]


async def test_the_automations_own_dst_policy_decides(own: Carillon) -> None:
    automation = await own.create(trigger=NIGHTLY, dst_policy={"gap": "skip", "overlap": "both"})
    spring = await next_runs(own, automation, limit=1, from_="2026-03-28T12:00:00Z")
    assert [run["run_at"] for run in spring["data"]] == ["2026-03-30T00:30:00Z"]
    assert spring["data"][0]["note"].endswith("skipped")
    autumn = await next_runs(own, automation, limit=2, from_="2026-10-24T12:00:00Z")
    assert [run["local"] for run in autumn["data"]] == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    ]


async def test_there_are_ten_unless_more_or_fewer_are_asked_for(own: Carillon) -> None:
    automation = await own.create()
    assert len((await next_runs(own, automation))["data"]) == 10
    assert len((await next_runs(own, automation, limit=1))["data"]) == 1
    assert len((await next_runs(own, automation, limit=100))["data"]) == 100


async def test_a_paused_and_an_archived_automation_have_none_and_say_why(own: Carillon) -> None:
    automation = await own.create()
    await own.patch(automation["id"], status="paused")
    assert await next_runs(own, automation) == nothing_ahead("paused")
    await own.patch(automation["id"], status="active")
    assert (await next_runs(own, automation))["data"]
    await own.delete(automation["id"])
    assert await next_runs(own, automation) == nothing_ahead("archived")


async def test_a_one_time_automation_has_its_instant(own: Carillon) -> None:
    automation = await own.create(trigger=IN_2050)
    (run,) = (await next_runs(own, automation))["data"]
    assert run["run_at"] == automation["trigger_at"] == "2050-03-01T09:00:00.250000Z"
    assert run["local"] == "2050-03-01T14:30:00.250000+05:30"
    assert (await next_runs(own, automation, from_="2050-03-01T09:00:00Z"))["data"] == [run]
    assert (await next_runs(own, automation, from_="2050-03-02T00:00:00Z"))["data"] == []


async def test_a_one_time_automation_that_has_fired_and_an_immediate_one_have_none(own: Carillon) -> None:
    past = {"type": "one_time", "trigger_at": "2020-02-29T12:00:00Z"}
    fired = await own.create(scope="program", trigger=past)

    async def completed() -> bool:
        return bool((await own.get(fired["id"]))["status"] == "completed")

    await eventually(completed)
    assert await next_runs(own, fired) == nothing_ahead("completed")
    immediate = await own.create(trigger={"type": "immediate"})
    assert (await next_runs(own, immediate))["data"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"from_": "tomorrow"}, "from"),
        ({"from_": "2026-03-28T12:00:00"}, "from"),
        ({"from_": "0001-01-01T00:00:00+14:00"}, "from"),
        ({"from_": "9999-12-31T23:59:59-14:00"}, "from"),
    ],
)
async def test_a_wrong_question_is_refused_by_its_field(
    own: Carillon, query: dict[str, Any], field: str
) -> None:
    assert_refused(await ask(own, await own.create(), **query), field)


async def test_a_schedule_nobody_has_saved_is_told_the_same_way(own: Carillon) -> None:
    answer = await preview(own, cron_expression="30 2 * * *", timezone="Europe/Berlin", limit=100)
    assert answer.status_code == 200
    automation = await own.create(trigger=NIGHTLY)
    saved = await next_runs(own, automation, limit=100)
    assert answer.json() == saved | {"status": None}
    assert datetime.fromisoformat(saved["data"][0]["run_at"]) > datetime.now(UTC)


async def test_a_preview_follows_the_dst_policy_it_is_given(own: Carillon) -> None:
    body = {"cron_expression": "30 2 * 3 sun#2", "timezone": "America/New_York"}
    shifted = (await preview(own, **body, limit=1)).json()["data"]
    assert "T03:00:00-04:00" in shifted[0]["local"]
    assert (await preview(own, **body, dst_policy={"gap": "skip"})).json()["data"] == []


async def test_a_preview_leaves_nothing_behind(http: httpx.AsyncClient, stack: Stack) -> None:
    fresh = await Carillon.with_new_program(http, stack.addresses.inbox_url)
    assert (await preview(fresh, cron_expression="@daily")).json()["timezone"] == "UTC"
    assert (await http.get(f"{fresh.base}/automations")).json()["data"] == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cron_expression": "0 0 31 2 *"}, "cron_expression"),
        ({"cron_expression": "0 0 9 * * 1"}, "cron_expression"),
        ({"cron_expression": "\0"}, "cron_expression"),
        ({"cron_expression": None}, "cron_expression"),
        ({"timezone": "Europe/Madird"}, "timezone"),
        ({"dst_policy": {"gap": "maybe"}}, "dst_policy.gap"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": True}, "limit"),
        ({"from": "2026-03-28T12:00:00Z"}, "from"),
    ],
)
async def test_a_wrong_schedule_is_refused_by_its_field(
    own: Carillon, wrong: dict[str, Any], field: str
) -> None:
    assert_refused(await preview(own, **{"cron_expression": "0 9 * * *"} | wrong), field)


async def test_the_refusal_says_what_was_expected_and_received(own: Carillon) -> None:
    answer = await preview(own, cron_expression="0 9 * * *", timezone="Europe/Madird")
    details = assert_refused(answer, "timezone")
    assert (details["expected"], details["received"]) == ("a name such as 'Europe/Madrid'", "Europe/Madird")
    assert_refused(await preview(own), "cron_expression")
