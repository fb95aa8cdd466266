"""Names that operators and receivers of mail are shown, over HTTP."""

from typing import Any

import httpx
import pytest

from tests.api.journeys_surface import JourneysSurface, email, journey
from tests.api.refusal import assert_refused
from tests.fixtures.users import new_user

SPOOFED = "Ana\u202enimda"
TWO_LINES = "Ana\n- **cancelled**"
PROGRAM = "/v1/programs/{}"
AUTOMATION: dict[str, Any] = {
    "event_name": "tick",
    "scope": "program",
    "trigger": {"type": "cron", "cron_expression": "0 9 * * *"},
}
MAKERS: dict[str, dict[str, Any]] = {
    "/v1/users": new_user(email="somebody@example.com"),
    "/v1/api-keys": {"role": "viewer"},
    "/v1/programs": {},
    f"{PROGRAM}/automations": AUTOMATION,
    f"{PROGRAM}/stock-automations/birthday": {},
    f"{PROGRAM}/segments": {"expression": "true"},
    "/api/segments": {"expression": "true"},
    f"{PROGRAM}/message-templates": {"channel": "sms", "contents": {"en": {"body": "Hello"}}},
    "/v1/automation/rules": {"trigger_type": "purchase"},
}


@pytest.mark.parametrize("name", [SPOOFED, TWO_LINES], ids=ascii)
@pytest.mark.parametrize("path", MAKERS)
async def test_nothing_is_named_so_that_it_could_be_shown_as_something_else(
    api: httpx.AsyncClient, journeys: JourneysSurface, path: str, name: str
) -> None:
    answer = await api.post(
        path.format(journeys.program_id),
        json=MAKERS[path] | {"name": name},
        headers={"X-Program-Id": journeys.program_id},
    )
    assert answer.status_code == 400
    assert "expected one line" in answer.text


async def test_nothing_is_renamed_so(api: httpx.AsyncClient, journeys: JourneysSurface) -> None:
    path = PROGRAM.format(journeys.program_id)
    assert_refused(await api.patch(path, json={"name": TWO_LINES}), "name")


async def test_the_sender_of_a_mail_is_shown_as_it_is_written(journeys: JourneysSurface) -> None:
    template = await journeys.template()
    for name, status in ((SPOOFED, 400), (TWO_LINES, 400), ("Café ☕ שלום\u200f!", 201)):
        answer = await journeys.post(journey(email("mail", template, senderName=name), name=ascii(name)))
        assert answer.status_code == status, answer.text
        if status == 400:
            assert [error["field"] for error in answer.json()["errors"]] == [
                "blocks.0.action.sendEmail.senderName"
            ]
