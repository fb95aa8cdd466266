"""From a mail address that waits for a product to a journey that it sets going, on the real stack."""

from typing import Any

from tests.api.journeys_surface import JourneysSurface, tag
from tests.fixtures.carillon import Carillon, eventually

SHOES: dict[str, Any] = {
    "id": "shoes",
    "title": "Blue shoes",
    "url": "https://example.com/shoes",
    "currency": "USD",
    "status": "outOfStock",
}


async def test_whoever_waits_for_a_product_enters_its_journey_when_it_is_back(carillon: Carillon) -> None:
    journeys = JourneysSurface(carillon.http, carillon.program_id)
    wanted = {"field": "productID", "operator": "eq", "value": "shoes"}
    condition = {
        "event": "product back in stock",
        "filterGroups": [{"logicalOperator": "and", "filters": [wanted]}],
    }
    journey = await journeys.create(tag(value="told"), trigger={"condition": condition})
    assert (await journeys.call("POST", f"/{journey['id']}/enable")).is_success
    headers = {"X-Program-Id": carillon.program_id}
    assert (await carillon.http.post("/api/products", json=SHOES, headers=headers)).is_success
    path = "/api/products/shoes"
    contact = {"contact": {"email": "noor@example.com"}}
    answer = await carillon.http.post(f"{path}/back-in-stock-subscriptions", json=contact, headers=headers)
    assert answer.status_code == 201
    person = f"{carillon.base}/participants/{answer.json()['contactID']}"
    there_again = SHOES | {"status": "inStock", "stock": 3}
    assert (await carillon.http.put(path, json=there_again, headers=headers)).is_success

    async def told() -> bool:
        return (await carillon.http.get(person)).json()["tags"] == ["told"]

    await eventually(told, within=60)
