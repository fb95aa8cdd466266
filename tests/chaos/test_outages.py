"""A part that is away is said to be away, and what was under way goes on once it is back."""

from typing import Any

from cli.stack import Stack
from tests.fixtures.carillon import FAR_FROM_NOW, Carillon, eventually
from tests.fixtures.people import add_many_people, query

BODY = {
    "name": "while away",
    "event_name": "hello",
    "scope": "participants",
    "trigger": {"type": "cron", "cron_expression": FAR_FROM_NOW},
}


async def test_without_temporal_writes_answer_503_and_reads_go_on(
    breakable: Stack, carillon: Carillon
) -> None:
    automation = await carillon.create()
    await breakable.kill("temporal")

    writes = [
        await carillon.post(BODY),
        await carillon.patch(automation["id"], name="other"),
        await carillon.trigger(automation["id"]),
        await carillon.delete(automation["id"]),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in writes] == [(503, "unavailable")] * 4
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in writes)
    assert (await carillon.get(automation["id"]))["name"] == automation["name"]
    database = breakable.addresses.database_url
    assert await query(database, "SELECT count(*) FROM automation") == [(1,)]
    assert await query(database, "SELECT count(*) FROM automation_change WHERE applied_at IS NULL") == [(0,)]

    await breakable.start("temporal")

    async def writable_again() -> bool:
        return (await carillon.post(BODY)).status_code in {201, 409}

    await eventually(writable_again, within=60, every=0.5)
    assert (await carillon.trigger(automation["id"])).status_code == 200


async def test_without_the_database_every_answer_is_503_and_the_run_goes_on_afterwards(
    breakable: Stack, carillon: Carillon
) -> None:
    people = 20_000
    await add_many_people(breakable.addresses.database_url, carillon.program_id, people)
    automation = await carillon.create(cohort_size=250, guard_condition="participant.counters.points >= 0")
    await carillon.trigger(automation["id"])

    async def under_way() -> bool:
        return bool((await carillon.get(automation["id"]))["participants_processed"] > 500)

    await eventually(under_way, every=0.02)
    await breakable.kill("postgres")
    path = f"{carillon.base}/automations/{automation['id']}"
    answers = [
        await carillon.http.get(path),
        await carillon.trigger(automation["id"]),
        await carillon.post(BODY),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "unavailable")] * 3
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
    assert (await carillon.http.get("/healthz")).status_code == 200
    assert (await carillon.http.get("/readyz")).status_code == 503

    await breakable.start("postgres")

    async def closed() -> dict[str, Any] | None:
        answer = await carillon.http.get(f"{path}/runs")
        runs = answer.json()["data"] if answer.status_code == 200 else []
        return runs[0] if runs and runs[0]["status"] == "completed" else None

    run = await eventually(closed, within=90)
    assert run["counts"]["sent"] == people
    events = await query(
        breakable.addresses.database_url,
        "SELECT count(*), count(DISTINCT participant_id) FROM event WHERE run_id = %s",
        run["id"],
    )
    assert events == [(people, people)]
