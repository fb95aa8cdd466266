"""True and false in bodies: nothing that only reads like them is taken for one."""

from typing import Any

import httpx
import pytest

from tests.api.journeys_surface import JourneysSurface
from tests.fixtures.users import new_user

MAIL: dict[str, Any] = {"type": "send_message", "channel": "email", "subject": "Hi", "body": "Hello"}
AUTOMATION: dict[str, Any] = {
    "name": "strict",
    "event_name": "tick",
    "scope": "participants",
    "trigger": {"type": "cron", "cron_expression": "0 9 * * *"},
}
PROGRAM = "/v1/programs/{}"


def action(**sending: object) -> dict[str, Any]:
    return {"action": MAIL | {"sending": sending}}


@pytest.mark.parametrize("value", ["yes", "true", 1, 0], ids=repr)
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        (f"{PROGRAM}/webhooks", {"url": "https://hello.example/"}, "enabled"),
        (f"{PROGRAM}/expressions/validate", {"expression": "true"}, "with_event"),
        ("/api/event-metadata/query", {"category": "events"}, "includeProperties"),
        ("/v1/automation/rules", {"name": "strict", "trigger_type": "purchase"}, "is_active"),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
async def test_a_flag_is_true_or_false(
    api: httpx.AsyncClient,
    journeys: JourneysSurface,
    path: str,
    body: dict[str, Any],
    field: str,
    value: object,
) -> None:
    answer = await api.post(
        path.format(journeys.program_id),
        json=body | {field: value},
        headers={"X-Program-Id": journeys.program_id},
    )
    assert answer.status_code == 400, answer.text
    assert field in answer.text


@pytest.mark.parametrize("value", ["yes", 1], ids=repr)
async def test_what_a_message_asks_of_the_gates_is_true_or_false(
    api: httpx.AsyncClient, journeys: JourneysSurface, value: object
) -> None:
    for name, sending in (
        ("transactional", {"transactional": value}),
        ("same_channel", {"recently_contacted": {"hours": 1, "same_channel": value}}),
    ):
        path = f"{PROGRAM.format(journeys.program_id)}/automations"
        answer = await api.post(path, json=AUTOMATION | action(**sending))
        assert answer.status_code == 400
        assert answer.json()["details"]["field"].endswith(name)


async def test_a_user_is_disabled_by_true_alone(api: httpx.AsyncClient) -> None:
    user = (await api.post("/v1/users", json=new_user())).json()
    answer = await api.patch(f"/v1/users/{user['id']}", json={"disabled": "yes"})
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, "disabled")


async def test_a_query_has_texts_alone_and_reads_them(
    api: httpx.AsyncClient, journeys: JourneysSurface
) -> None:
    headers = {"X-Program-Id": journeys.program_id}
    assert (await api.get("/v1/automation/rules?is_active=true", headers=headers)).status_code == 200
    assert (await api.get("/api/automations?isEnabled=false", headers=headers)).status_code == 200
