"""Journeys over HTTP: made, found, changed and removed."""

from typing import Any

import httpx
import pytest

from domain.roles import Role
from store.database import Database
from tests.api.journeys_surface import (
    BASE,
    TRIGGER,
    UNKNOWN_ID,
    JourneysSurface,
    action,
    assert_faults,
    assert_problem,
    delay,
    email,
    journey,
    sms,
    split,
    tag,
)
from tests.fixtures.in_process import api_in_process, secret_of_new_key


def without_ids(part: Any) -> Any:
    """A tree of blocks with its ids and temporary ids taken out."""
    if isinstance(part, list):
        return [without_ids(item) for item in part]
    if isinstance(part, dict):
        return {key: without_ids(value) for key, value in part.items() if key not in ("id", "temporaryID")}
    return part


async def test_a_journey_is_made_disabled_and_shown_as_it_was_written(journeys: JourneysSurface) -> None:
    body = journey()
    made = await journeys.create()
    assert set(made) == {
        *("id", "brandID", "name", "isEnabled", "trigger", "blocks", "exitConditions", "settings"),
        *("createdAt", "updatedAt", "enabledAt", "disabledAt"),
    }
    assert (made["name"], made["isEnabled"], made["brandID"]) == ("Welcome", False, journeys.program_id)
    assert (made["enabledAt"], made["disabledAt"], made["exitConditions"]) == (None, None, [])
    assert made["trigger"] == {"condition": TRIGGER["condition"] | {"filterGroups": []}}
    assert len(made["id"]) == 24
    assert [len(block["id"]) for block in made["blocks"]] == [24, 24]
    shown = without_ids(made["blocks"])
    assert shown[0]["delay"] == body["blocks"][0]["delay"] | {"timezone": "brand"}
    assert shown[1] == without_ids(body["blocks"][1])
    assert made["settings"] == {
        "sendingThresholds": {"email": "subscribed", "sms": "subscribed"},
        "frequencyLimiter": None,
        "overlapLimiter": None,
        "discount": None,
    }
    assert await journeys.get(made["id"]) == made


async def test_names_of_blocks_become_ids_wherever_they_stand(journeys: JourneysSurface) -> None:
    clicked = {"type": "message", "field": "blockID", "operator": "clickedSms", "value": "first"}
    made = await journeys.create(
        sms("first"), split("did", [clicked], [tag("yes")], [delay("no")]), tag("all")
    )
    first, asked, _ = made["blocks"]
    assert asked["split"]["filterGroup"]["filters"][0]["value"] == first["id"]


async def test_what_is_said_in_many_ways_is_stored_in_one(journeys: JourneysSurface) -> None:
    made = await journeys.create(
        tag(value="VIP Customer"),
        action("no", "removeTag", value="NEW"),
        settings={"frequencyLimiter": {"mode": "interval", "duration": {"amount": 7, "units": "d"}}},
    )
    assert [
        block["action"][kind]["value"]
        for block, kind in zip(made["blocks"], ("addTag", "removeTag"), strict=True)
    ] == [
        "vip customer",
        "new",
    ]
    assert made["settings"]["frequencyLimiter"] == {
        "mode": "interval",
        "duration": {"amount": 1, "units": "w"},
    }
    both = {"email": "all", "sms": "nonSubscribed"}
    again = await journeys.patch(
        made["id"],
        settings={
            "sendingThresholds": both,
            "frequencyLimiter": {"mode": "interval", "duration": {"amount": 48, "units": "h"}},
        },
    )
    assert again.json()["settings"]["sendingThresholds"] == both
    assert again.json()["settings"]["frequencyLimiter"]["duration"] == {"amount": 2, "units": "d"}


async def test_the_blocks_that_are_shown_can_be_put_back(journeys: JourneysSurface) -> None:
    made = await journeys.create(
        sms(),
        split("s", [{"type": "contact", "field": "tag", "operator": "eq", "value": "a"}], [tag()], []),
        delay(),
        tag("t"),
    )
    put = await journeys.put_blocks(made["id"], *made["blocks"])
    assert put.status_code == 200, put.text
    assert put.json()["blocks"] == made["blocks"]
    assert (await journeys.get(made["id"]))["blocks"] == made["blocks"]


async def test_put_keeps_those_with_an_id_makes_new_ones_and_removes_the_rest(
    journeys: JourneysSurface,
) -> None:
    made = await journeys.create(delay(), tag("a"), tag("b"))
    wait, first, second = made["blocks"]
    put = await journeys.put_blocks(made["id"], first, tag("new", "X"))
    assert put.status_code == 200, put.text
    kept, new = put.json()["blocks"]
    assert kept == first
    assert new["id"] not in {wait["id"], first["id"], second["id"]}
    assert new["action"]["addTag"]["value"] == "x"
    again = await journeys.put_blocks(made["id"], {**kept, "id": second["id"]})
    assert_faults(again, "blocks.0.id")


async def test_a_block_may_come_to_send_a_mail_and_cease_to(journeys: JourneysSurface) -> None:
    made = await journeys.create(delay(), tag())
    wait, tagged = made["blocks"]
    template_id = await journeys.template()
    mail = {**email("mail", template_id), "temporaryID": None, "id": tagged["id"]}
    said = {name: value for name, value in mail["action"]["sendEmail"].items() if name != "templateID"}
    without = mail | {"action": mail["action"] | {"sendEmail": said}}
    template = "action.sendEmail.templateID"
    assert_faults(await journeys.put_blocks(made["id"], wait, without), f"blocks.1.{template}")
    preview = await journeys.post({"changes": {"blocks": [without]}}, f"/{made['id']}/publish/preview")
    assert_faults(preview, f"changes.blocks.0.{template}")

    put = await journeys.put_blocks(made["id"], wait, mail)
    assert put.status_code == 200, put.text
    kept = put.json()["blocks"][1]
    assert (kept["id"], kept["action"]["sendEmail"]["contentID"]) == (tagged["id"], template_id)
    assert_faults(await journeys.put_blocks(made["id"], wait, mail), f"blocks.1.{template}")
    again = await journeys.put_blocks(made["id"], wait, without)
    assert again.json()["blocks"] == put.json()["blocks"]
    back = await journeys.put_blocks(made["id"], wait, tagged)
    assert back.json()["blocks"] == made["blocks"]


async def test_put_refuses_ids_that_do_not_fit(journeys: JourneysSurface) -> None:
    made = await journeys.create(delay(), tag("a"))
    wait, first = made["blocks"]
    answer = await journeys.put_blocks(
        made["id"],
        {"type": "action", "action": first["action"]},
        first | {"temporaryID": "x"},
        {**tag("y"), "id": wait["id"], "temporaryID": None},
        first,
        tag("z"),
        tag("z"),
    )
    assert_faults(
        answer,
        "blocks.0.temporaryID",
        "blocks.1.temporaryID",
        "blocks.2.type",
        "blocks.3.id",
        "blocks.5.temporaryID",
    )
    assert_faults(await journeys.put_blocks(made["id"]), "blocks")


async def test_deleting_answers_alike_whether_or_not_there_is_one(journeys: JourneysSurface) -> None:
    made = await journeys.create()
    for journey_id in (made["id"], made["id"], UNKNOWN_ID, "no id"):
        assert (await journeys.call("DELETE", f"/{journey_id}")).status_code == 204
    assert_problem(await journeys.call("GET", f"/{made['id']}"), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("PATCH", "", {}), ("PUT", "/blocks", {"blocks": [tag()]})],
)
async def test_what_is_not_there_is_not_found(
    journeys: JourneysSurface, api: httpx.AsyncClient, method: str, path: str, body: object
) -> None:
    elsewhere = await (await JourneysSurface.of_new_program(api)).create()
    for journey_id in (UNKNOWN_ID, "no-id", elsewhere["id"]):
        assert_problem(await journeys.call(method, f"/{journey_id}{path}", json=body), 404, "not-found")


async def test_each_scheme_for_a_key_is_taken(
    journeys: JourneysSurface, api: httpx.AsyncClient, database: Database
) -> None:
    secret = await secret_of_new_key(database, Role.VIEWER)
    async with httpx.AsyncClient(transport=api._transport, base_url="http://carillon") as stranger:
        for headers in (
            {"Authorization": f"Omnisend-API-Key {secret}"},
            {"Authorization": f"omnisend-api-key {secret}"},
            {"Authorization": f"Bearer {secret}"},
            {"X-API-Key": secret},
        ):
            named = headers | {"X-Program-Id": journeys.program_id}
            assert (await stranger.get(BASE, headers=named)).status_code == 200
            assert_problem(await stranger.post(BASE, headers=named, json=journey()), 403, "forbidden")
            faults = assert_faults(await stranger.get(BASE, headers=headers), "X-Program-Id")
            assert faults[0]["message"].startswith("required")
        assert_problem(await stranger.get(BASE, headers={"Authorization": secret}), 401, "unauthorized")


async def test_a_version_is_the_current_one_or_refused(journeys: JourneysSurface) -> None:
    for version in (None, "2026-03-15"):
        headers = {} if version is None else {"Omnisend-Version": version}
        assert (await journeys.call("GET", headers=headers)).status_code == 200
    unknown = await journeys.call("GET", headers={"Omnisend-Version": "2031-01-01"})
    (fault,) = assert_faults(unknown, "Omnisend-Version")
    assert "2026-03-15" in fault["message"]
    assert_problem(await journeys.call("GET", headers={"Omnisend-Version": "2026-preview"}), 410, "gone")


async def test_parameters_that_nobody_asked_for_are_refused(journeys: JourneysSurface) -> None:
    made = await journeys.create()
    assert_faults(
        await journeys.call("GET", f"/{made['id']}", params={"expand": "all", "x": 1}), "expand", "x"
    )
    answer = await journeys.call("GET", params={"limit": 251, "page": 2, "isEnabled": "maybe"})
    assert_faults(answer, "limit", "page", "isEnabled")


async def test_too_many_requests_say_in_the_body_when_to_come_back(
    database_url: str, database: Database
) -> None:
    async with api_in_process(database_url, rate_limit_per_second=0.001, rate_limit_burst=1) as client:
        client.headers["X-API-Key"] = await secret_of_new_key(database, Role.ADMIN)
        await client.get(BASE)
        answer = await client.get(BASE)
    problem = assert_problem(answer, 429, "rate-limit-exceeded")
    assert problem["retryAfter"] == int(answer.headers["Retry-After"]) > 0
