"""Parameters that an operation does not take, at Omnisend's addresses: refused with whatever else is wrong."""

from typing import Any

import pytest

from tests.api.journeys_surface import JourneysSurface, assert_faults, delay, journey, sms, tag

TEXT = sms(message="{{ a")
TEXT_PLACE = "blocks.0.action.sendSms.message"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (journey(), ()),
        (journey(TEXT, delay(), name=""), ("name", TEXT_PLACE, "blocks.1")),
        ([], ("body",)),
    ],
    ids=["right", "wrong", "no object"],
)
async def test_a_journey_is_refused_with_the_faults_of_its_body(
    journeys: JourneysSurface, body: Any, fields: tuple[str, ...]
) -> None:
    answer = await journeys.post(body, "?foo=1&bar=2")
    assert_faults(answer, "foo", "bar", *fields)
    assert (await journeys.listed())["automations"] == []


async def test_so_is_whatever_else_changes_a_journey(journeys: JourneysSurface) -> None:
    made = await journeys.create(sms(), delay(), tag())
    path = f"/{made['id']}"
    wrong = {"blocks": [TEXT]}
    assert_faults(await journeys.call("PATCH", f"{path}?foo=1", json={"name": ""}), "foo", "name")
    assert_faults(await journeys.call("PUT", f"{path}/blocks?foo=1", json=wrong), "foo", TEXT_PLACE)
    for end in ("", "/preview"):
        answer = await journeys.post({"changes": wrong}, f"{path}/publish{end}?foo=1")
        assert_faults(answer, "foo", f"changes.{TEXT_PLACE}")
        assert_faults(await journeys.post({}, f"{path}/publish{end}?foo=1"), "foo")
    assert await journeys.get(made["id"]) == made


async def test_other_operations_tell_what_their_body_lacks(journeys: JourneysSurface) -> None:
    made = await journeys.create()
    headers = {"X-Program-Id": journeys.program_id}
    answer = await journeys.http.post("/api/events?foo=1", json={"eventName": ""}, headers=headers)
    assert_faults(answer, "foo", "eventName", "contact")
    assert_faults(await journeys.post({"x": 1}, f"/{made['id']}/enable?foo=1"), "foo", "x")
    assert_faults(await journeys.post(None, f"/{made['id']}/enable?foo=1"), "foo")
    text = {"Content-Type": "text/plain"}
    for content in ("{", "x" * 10):
        answer = await journeys.call("POST", f"/{made['id']}/enable?foo=1", content=content, headers=text)
        assert_faults(answer, "foo", "body")
    assert_faults(await journeys.call("GET", f"/{made['id']}?foo=1"), "foo")
    assert_faults(await journeys.post(None, f"/{made['id']}/disable?foo=1"), "foo", "body")
    assert (await journeys.get(made["id"]))["isEnabled"] is False
