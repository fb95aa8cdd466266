"""Products at Omnisend's address, and whoever waits for one that is back in stock: told, and once."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import col, select

from store.database import Database
from store.participants import erase_participant
from store.tables import Event, ProductSubscription
from tests.api.journeys_surface import JourneysSurface, assert_faults, assert_problem

SHOES: dict[str, Any] = {
    "id": "shoes-blue-123",
    "title": "Blue shoes",
    "url": "https://example.com/shoes",
    "currency": "USD",
    "status": "outOfStock",
    "variants": [{"id": "42", "title": "Size 42", "url": "https://example.com/shoes/42", "price": 59.9}],
}
PATH = f"/api/products/{SHOES['id']}"
WAITING = f"{PATH}/back-in-stock-subscriptions"


async def call(journeys: JourneysSurface, method: str, path: str, **request: Any) -> httpx.Response:
    headers = {"X-Program-Id": journeys.program_id}
    return await journeys.http.request(method, path, headers=headers, **request)


async def add(journeys: JourneysSurface, **fields: Any) -> None:
    answer = await call(journeys, "POST", "/api/products", json=SHOES | fields)
    assert (answer.status_code, answer.json()) == (201, {"id": fields.get("id", SHOES["id"])}), answer.text


async def put(journeys: JourneysSurface, **fields: Any) -> None:
    answer = await call(journeys, "PUT", PATH, json=SHOES | fields)
    assert (answer.status_code, answer.json()) == (200, {"id": SHOES["id"]}), answer.text


async def wait_for(journeys: JourneysSurface, email: str) -> str:
    answer = await call(journeys, "POST", WAITING, json={"contact": {"email": email}})
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == {"productID", "contactID", "createdAt"}
    return str(answer.json()["contactID"])


async def told(database: Database, journeys: JourneysSurface) -> list[Event]:
    async with database.transaction() as session:
        statement = select(Event).where(
            col(Event.program_id) == UUID(journeys.program_id), col(Event.type) == "product back in stock"
        )
        return list(await session.exec(statement))


async def test_a_product_is_shown_as_it_was_written(journeys: JourneysSurface) -> None:
    await add(journeys, stock=0, createdAt="2026-01-01T00:00:00Z")
    shown = (await call(journeys, "GET", PATH)).json()
    assert shown.pop("updatedAt")
    assert shown == SHOES | {"stock": 0, "createdAt": "2026-01-01T00:00:00Z"}
    answer = await call(journeys, "POST", "/api/products", json=SHOES)
    assert_problem(answer, 409, "conflict")
    await put(journeys, title="Red shoes")
    assert (await call(journeys, "GET", PATH)).json()["title"] == "Red shoes"
    for _ in range(2):
        assert (await call(journeys, "DELETE", PATH)).status_code == 204
    assert_problem(await call(journeys, "GET", PATH), 404, "not-found")


async def test_pages_tell_where_the_next_and_the_one_before_are(journeys: JourneysSurface) -> None:
    for number in range(3):
        await add(journeys, id=str(number), createdAt=f"2026-01-0{number + 1}T00:00:00Z")
    page = (await call(journeys, "GET", "/api/products", params={"limit": 2})).json()
    assert [product["id"] for product in page["products"]] == ["2", "1"]
    assert (page["paging"]["limit"], page["paging"]["offset"]) == (2, 0)
    second = (await call(journeys, "GET", page["paging"]["next"])).json()
    assert [product["id"] for product in second["products"]] == ["0"]
    assert "next" not in second["paging"]
    assert second["paging"]["previous"].endswith("limit=2&offset=0")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "a/b"}, "id"),
        ({"id": ".."}, "id"),
        ({"currency": "dollars"}, "currency"),
        ({"status": "gone"}, "status"),
        ({"stock": -1}, "stock"),
        ({"variants": []}, "variants"),
        ({"variants": [{"id": "1", "title": "x", "url": "y"}]}, "variants.0.price"),
        ({"shoe": 1}, "shoe"),
    ],
)
async def test_a_wrong_product_is_refused_by_its_field(
    journeys: JourneysSurface, change: dict[str, Any], field: str
) -> None:
    assert_faults(await call(journeys, "POST", "/api/products", json=SHOES | change), field)


async def test_the_id_of_a_product_cannot_be_changed(journeys: JourneysSurface) -> None:
    await add(journeys)
    assert_faults(await call(journeys, "PUT", PATH, json=SHOES | {"id": "other"}), "id")
    assert_problem(await call(journeys, "PUT", "/api/products/x", json=SHOES | {"id": "x"}), 404, "not-found")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"status": "outOfStock"}, {"status": "inStock"}),
        ({"status": "inStock", "stock": 0}, {"status": "inStock", "stock": 3}),
        ({"status": "notAvailable", "stock": 3}, {"status": "inStock", "stock": 3}),
    ],
)
async def test_each_subscriber_is_told_once_when_the_product_can_be_bought_again(
    journeys: JourneysSurface, database: Database, before: dict[str, Any], after: dict[str, Any]
) -> None:
    await add(journeys, **before)
    people = {
        await wait_for(journeys, email) for email in ("a@example.com", "b@example.com", "A@example.com")
    }
    assert len(people) == 2
    assert await told(database, journeys) == []
    await put(journeys, **after)
    events = await told(database, journeys)
    assert {str(event.participant_id) for event in events} == people
    assert len(events) == 2
    assert events[0].event_data | {"stock": None} == {
        "type": "product back in stock",
        "productID": SHOES["id"],
        "productTitle": "Blue shoes",
        "productURL": SHOES["url"],
        "productPrice": 59.9,
        "currency": "USD",
        "stock": None,
    }
    await put(journeys, **before)
    await put(journeys, **after)
    assert len(await told(database, journeys)) == 2


async def test_two_writers_of_the_same_stock_tell_once(journeys: JourneysSurface, database: Database) -> None:
    await add(journeys)
    await wait_for(journeys, "a@example.com")
    await asyncio.gather(*(put(journeys, status="inStock") for _ in range(4)))
    assert len(await told(database, journeys)) == 1


async def test_whoever_gave_up_waiting_or_was_erased_is_not_told(
    journeys: JourneysSurface, database: Database
) -> None:
    await add(journeys)
    gone, erased = [await wait_for(journeys, email) for email in ("a@example.com", "b@example.com")]
    assert (await call(journeys, "DELETE", f"{WAITING}/{gone}")).status_code == 204
    async with database.transaction() as session:
        assert await erase_participant(session, UUID(journeys.program_id), UUID(erased))
    async with database.transaction() as session:
        statement = select(ProductSubscription).where(
            col(ProductSubscription.program_id) == UUID(journeys.program_id)
        )
        assert (await session.exec(statement)).all() == []
    await put(journeys, status="inStock")
    assert await told(database, journeys) == []


async def test_nobody_waits_for_what_is_in_stock(journeys: JourneysSurface) -> None:
    await add(journeys, status="inStock")
    answer = await call(journeys, "POST", WAITING, json={"contact": {"email": "a@example.com"}})
    assert_problem(answer, 409, "conflict")
