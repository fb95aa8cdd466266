"""The stock automations at work on the sample people, their counts against what SQL says of the same people."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from cli.sample import participants_csv
from cli.sample.lately import reservations, visits_lately
from cli.stack import Stack
from domain.stock_automations import STOCK_BY_NAME, StockName
from store.database import Database
from store.rfm import score_program
from tests.fixtures.carillon import Carillon
from tests.fixtures.people import query

ROWS = 1_000
# Whom each is for, and whom of them a mail reaches, in nobody's words but PostgreSQL's.
WHO = {
    "birthday": (
        "right(attributes ->> 'birthday', 5) = to_char(now() AT TIME ZONE timezone, 'MM-DD') "
        "OR (right(attributes ->> 'birthday', 5) = '02-29' AND to_char(now() AT TIME ZONE timezone, 'MM-DD') = '02-28' "
        "AND to_char(now() AT TIME ZONE timezone + interval '1 day', 'MM') = '03')"
    ),
    "vip_rewards": "'vip' = ANY(tags)",
    "post_visit": (
        "(attributes ->> 'last_visit_at')::timestamptz "
        "BETWEEN now() - interval '96 hours' AND now() - interval '24 hours'"
    ),
    "inactive_customers": "(attributes ->> 'last_visit_at')::timestamptz <= now() - interval '60 days'",
    # The last one: what is transactional is no contact for the quiet days of the others.
    "reservation_confirmation": (
        "(attributes ->> 'reservation_at')::timestamptz BETWEEN now() AND now() + interval '24 hours'"
    ),
}
QUIET_HOURS = {"inactive_customers": 708, "vip_rewards": 324, "post_visit": 12}
REACHED = "status = 'ACTIVE' AND email IS NOT NULL AND consent ->> 'email' = 'subscribed'"
REACHED_ANYWAY = (
    "status = 'ACTIVE' AND email IS NOT NULL AND coalesce(consent ->> 'email', '') <> 'unsubscribed'"
)


@pytest.fixture(scope="module")
async def sample(stack: Stack, http: httpx.AsyncClient) -> AsyncIterator[Carillon]:
    """A program with the sample people, scored by their visits."""
    carillon = await Carillon.with_new_program(http, stack.addresses.inbox_url)
    now = datetime.now(UTC)
    importing = f"{carillon.base}/participants/import"
    events = {"program_id": carillon.program_id, "events": visits_lately(now, ROWS)}
    csv = {"Content-Type": "text/csv"}
    for answer in (
        await http.post(importing, content=head_of_sample(), headers=csv, timeout=120),
        await http.post("/v1/events/batch", json=events),
        await http.post(importing, content=reservations(now, ROWS).encode(), headers=csv),
    ):
        assert answer.is_success, answer.text
    url = stack.addresses.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    database = Database(url, pool_size=2)
    await score_program(database, UUID(carillon.program_id), now)
    await database.close()
    # Upkeep may have scored some of them before.
    assert await count(stack, carillon, "attributes ? 'rfm_segment'") > ROWS / 2
    yield carillon
    for automation in (await http.get(f"{carillon.base}/automations")).json()["data"]:
        await carillon.delete(automation["id"])


def head_of_sample() -> bytes:
    """The first of the sample people, as all of them would keep the machine busy for minutes."""
    return b"".join(participants_csv().read_bytes().splitlines(keepends=True)[: ROWS + 1])


async def create(carillon: Carillon, stock: str, **parameters: Any) -> dict[str, Any]:
    answer = await carillon.http.post(f"{carillon.base}/stock-automations/{stock}", json=parameters)
    assert answer.status_code == 201, answer.text
    created: dict[str, Any] = answer.json()
    return created


async def count(stack: Stack, carillon: Carillon, condition: str) -> int:
    statement = f"SELECT count(*) FROM participant WHERE program_id = %s AND ({condition})"  # noqa: S608
    ((found,),) = await query(stack.addresses.database_url, statement, carillon.program_id)
    return int(str(found))


@pytest.mark.parametrize("name", list(WHO))
async def test_run_now_its_counts_are_those_of_sql(sample: Carillon, stack: Stack, name: str) -> None:
    automation = await create(sample, name)
    reached = REACHED_ANYWAY if name == "reservation_confirmation" else REACHED
    if name in QUIET_HOURS:
        quiet = f"last_contacted_at > now() - interval '{QUIET_HOURS[name]} hours'"
        reached = f"{REACHED} AND ({quiet}) IS NOT TRUE"
    wanted = await count(stack, sample, WHO[name])
    to_be_sent = await count(stack, sample, f"({WHO[name]}) AND {reached}")
    if name != "birthday":
        assert wanted > to_be_sent > 0

    answer = await sample.http.post(f"/api/automations/{automation['id']}/run", timeout=120)

    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["processed"], told["sent"], told["failed"]) == (wanted, to_be_sent, 0), told["errors"]
    assert told["skipped"] == wanted - to_be_sent


async def test_run_again_nobody_is_written_to_twice_within_the_quiet_days(sample: Carillon) -> None:
    automation = await create(sample, "vip_rewards", name="Once more", quiet_days=14)
    path = f"/api/automations/{automation['id']}/run"
    await sample.http.post(path, timeout=120)
    again = (await sample.http.post(path, timeout=120)).json()
    assert (again["sent"], again["failed"]) == (0, 0)
    assert again["skipped"] == again["processed"] > 0


@pytest.mark.parametrize("name", ["reservation_confirmation", "post_visit", "birthday"])
async def test_run_again_nobody_is_written_to_twice_for_the_same(sample: Carillon, name: str) -> None:
    automation = await create(sample, name, name=f"{name} again")
    path = f"/api/automations/{automation['id']}/run"
    await sample.http.post(path, timeout=120)
    again = (await sample.http.post(path, timeout=120)).json()
    assert (again["sent"], again["failed"]) == (0, 0)


async def test_who_is_not_written_to_again_is_told_why(sample: Carillon) -> None:
    automation = await create(sample, "reservation_confirmation", name="Confirmed")
    for _ in range(2):
        await sample.http.post(f"/api/automations/{automation['id']}/run", timeout=120)
    runs = f"{sample.base}/automations/{automation['id']}/runs"
    newest = (await sample.http.get(runs)).json()["data"][0]
    assert newest["counts"]["skipped"]["already_sent"] > 0
    people = f"{runs}/{newest['id']}/participants"
    rows = (await sample.http.get(people)).json()["data"]
    person = next(row["participant_id"] for row in rows if row["reason"] == "already_sent")
    explained = (await sample.http.get(f"{people}/{person}/explain")).json()
    (gate,) = [gate for gate in explained["gates"] if gate["gate"] == "once"]
    assert gate["open"] is False
    assert gate["inputs"]["once_per"] == {"attribute": "reservation_at"}


@pytest.mark.parametrize("name", [name for name in StockName if name not in WHO])
async def test_those_by_rfm_are_created_and_find_their_people(
    sample: Carillon, stack: Stack, name: StockName
) -> None:
    automation = await create(sample, name)
    stock = STOCK_BY_NAME[name]
    assert (automation["name"], automation["status"]) == (stock.title, "active")
    assert automation["timezone"] == "UTC"
    preview = await sample.http.post(
        f"{sample.base}/expressions/preview", json={"expression": automation["participant_filter"]}
    )
    segment = name.value.removesuffix("_notice").replace("loyalists", "loyalist")
    condition = f"attributes ->> 'rfm_segment' = '{segment}'"
    if stock.days is not None:
        age = f"now() - (attributes ->> 'last_visit_at')::timestamptz >= interval '{stock.days} days'"
        condition += f" AND {age}"
    wanted = await count(stack, sample, condition)
    if name is StockName.CANNOT_LOSE_NOTICE:
        assert preview.json()["count"] < wanted
    else:
        assert preview.json()["count"] == wanted > 0
