"""Stock automations over HTTP: what there is, and what is refused. That they run: tests/e2e/test_stock_automations.py."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.stock_automations import StockName
from tests.api.refusal import assert_refused


@pytest.fixture(scope="module")
async def path(api: httpx.AsyncClient) -> str:
    program = await api.post("/v1/programs", json={"name": "Tavern", "timezone": "Europe/Madrid"})
    return f"/v1/programs/{program.json()['id']}/stock-automations"


async def test_each_is_listed_with_what_it_takes_and_what_it_makes(api: httpx.AsyncClient, path: str) -> None:
    listed = (await api.get(path)).json()
    assert [stock["name"] for stock in listed["data"]] == list(StockName)
    hibernating = listed["data"][-1]
    assert hibernating["parameters"] == {"days": 180, "every_days": 60}
    assert hibernating["automation"]["trigger"]["timezone"] == "Europe/Madrid"


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("birthday", {"days": 3}, "days"),
        ("champions", {"attribute": "since"}, "attribute"),
        ("inactive_customers", {"every_days": 3}, "every_days"),
        ("inactive_customers", {"days": 0}, "days"),
        ("inactive_customers", {"days": "3"}, "days"),
        ("birthday", {"attribute": "born || true"}, "attribute"),
        ("birthday", {"quiet_days": 366}, "quiet_days"),
        ("birthday", {"channel": "pigeon"}, "channel"),
        ("birthday", {"subject": ""}, "subject"),
        ("birthday", {"template_id": str(uuid4()), "body": "Hello"}, "body"),
        ("birthday", {"template_id": str(uuid4())}, "action.template_id"),
        ("birthday", {"body": "{{ participant.first_name"}, "action.body"),
        ("reservation_confirmation", {"quiet_days": 1}, "quiet_days"),
        ("reservation_confirmation", {"time_of_day": "09:00"}, "time_of_day"),
        ("cannot_lose_notice", {"quiet_days": 1}, "quiet_days"),
        ("inactive_customers", {"quiet_days": 1, "channel": "webhook"}, "quiet_days"),
        ("birthday", {"time_of_day": 9}, "time_of_day"),
        ("birthday", {"time_of_day": 32_400}, "time_of_day"),
        ("birthday", {"time_of_day": "9:00"}, "time_of_day"),
        ("birthday", {"time_of_day": "09:00:00"}, "time_of_day"),
        ("birthday", {"time_of_day": "09:00+05:00"}, "time_of_day"),
        ("birthday", {"timezone": "Mars/Olympus"}, "timezone"),
        ("birthday", {"event_name": "mine"}, "event_name"),
    ],
)
async def test_what_is_wrong_names_its_field(
    api: httpx.AsyncClient, path: str, name: str, body: dict[str, Any], field: str
) -> None:
    assert_refused(await api.post(f"{path}/{name}", json=body), field)


async def test_there_are_no_others(api: httpx.AsyncClient, path: str) -> None:
    assert (await api.post(f"{path}/christmas", json={})).status_code == 404
