"""Parts of journeys changed over HTTP, and what a change must not name."""

from typing import Any

from tests.api.journeys_surface import (
    TRIGGER,
    UNKNOWN_ID,
    JourneysSurface,
    action,
    assert_faults,
    delay,
    email,
    sms,
    split,
    tag,
)


async def test_a_patch_changes_what_it_names_and_nothing_else(journeys: JourneysSurface) -> None:
    made = await journeys.create(
        sms(message="One"),
        delay(),
        split("s", [{"type": "contact", "field": "tag", "operator": "eq", "value": "a"}], [tag()], []),
        trigger=TRIGGER
        | {
            "audienceFilterGroup": {
                "logicalOperator": "and",
                "filters": [{"field": "country", "operator": "eq", "value": "US"}],
            },
            "inactivitySettings": {"duration": {"amount": 1, "units": "h"}},
        },
        exitConditions=[{"event": "refunded"}],
    )
    text, wait, asked = made["blocks"]
    changed = await journeys.patch(
        made["id"],
        name="Goodbye",
        trigger={"inactivitySettings": None},
        exitConditions=None,
        blocks=[
            {
                "id": text["id"],
                "type": "action",
                "action": {"type": "sendSms", "sendSms": {"message": "Two"}},
            },
            {"id": wait["id"], "type": "delay", "delay": {"mode": "specificTime", "time": "09:30"}},
            {
                "id": asked["id"],
                "type": "split",
                "split": {
                    "filterGroup": {
                        "logicalOperator": "or",
                        "filters": [{"type": "contact", "field": "tag", "operator": "neq", "value": "b"}],
                    }
                },
            },
        ],
    )
    assert changed.status_code == 200, changed.text
    shown = changed.json()
    assert shown["name"] == "Goodbye"
    assert "inactivitySettings" not in shown["trigger"]
    assert shown["trigger"]["audienceFilterGroup"] == made["trigger"]["audienceFilterGroup"]
    assert shown["exitConditions"] == []
    first, second, third = shown["blocks"]
    assert first["action"]["sendSms"] == text["action"]["sendSms"] | {"message": "Two"}
    assert second["delay"] == {"mode": "specificTime", "time": "09:30", "timezone": "brand"}
    assert third["split"]["trueBlocks"] == asked["split"]["trueBlocks"]
    assert third["split"]["filterGroup"]["logicalOperator"] == "or"
    assert shown["updatedAt"] > made["updatedAt"]
    assert await journeys.get(made["id"]) == shown


async def test_a_patch_that_cannot_be_is_refused_by_the_patchs_own_fields(journeys: JourneysSurface) -> None:
    made = await journeys.create(sms(), delay(), tag())
    text, wait, _ = made["blocks"]
    answer = await journeys.patch(
        made["id"],
        isEnabled=True,
        trigger={"condition": None},
        settings={"sendingThresholds": None},
        blocks=[
            {"id": wait["id"], "type": "delay", "delay": {"mode": "specificTime", "time": "25:00"}},
            {"id": text["id"], "type": "delay", "delay": {"mode": "immediate"}},
            {"id": UNKNOWN_ID, "type": "delay"},
            {"id": wait["id"], "type": "delay"},
            {"id": made["blocks"][2]["id"], "type": "action", "action": {"type": "addTag", "sendSms": {}}},
        ],
    )
    assert_faults(
        answer,
        "isEnabled",
        "trigger.condition",
        "settings.sendingThresholds",
        "blocks.0.delay.time",
        "blocks.1.type",
        "blocks.2.id",
        "blocks.3.id",
        "blocks.4.action.sendSms",
    )
    assert_faults(await journeys.patch(made["id"], blocks=[]), "blocks")
    assert await journeys.get(made["id"]) == made


WAIT: dict[str, Any] = {"event": "paid", "timeout": {"amount": 1, "units": "d"}, "eventBlocks": [tag("paid")]}
PUSH = {"title": "Hi", "body": "Look", "clickUrl": "https://example.com", "iconID": "i", "imageID": "j"}


# What a patch of a block cannot name.
KEPT = {"contentID", "trueBlocks", "falseBlocks", "eventBlocks", "timeoutBlocks"}
# Of these, only the fields that are sent change.
FIELD_BY_FIELD = {"sendEmail", "sendSms", "sendPush", "sendWebhook", "sendWhatsapp"}


def with_null(block: dict[str, Any], whole: dict[str, Any], name: str) -> dict[str, Any]:
    """The patch of a block that sends one field as null, and the others as far as they have to be there."""
    kind = block["type"]
    changed = {key: value for key, value in whole.items() if key not in KEPT} | {name: None}
    if kind == "action":
        sends = block["action"]["type"]
        part = {name: None} if sends in FIELD_BY_FIELD else changed
        changed = {"type": sends, sends: part}
    return {"id": block["id"], "type": kind, kind: changed}


async def test_a_null_in_a_patch_clears_the_field_or_is_refused_by_its_place(
    journeys: JourneysSurface,
) -> None:
    made = await journeys.create(
        email("mail", await journeys.template(), senderEmail="a@example.com"),
        sms(imageID="i"),
        action("push", "sendPush", **PUSH),
        action("hook", "sendWebhook", callbackUrl="https://example.com", body="{}", headers=[]),
        action("wa", "sendWhatsapp", message="Hello"),
        action("plan", "updateAttribute", name="plan", value=1),
        delay(allowedWeekdays=["monday"]),
        split("s", [{"type": "contact", "field": "tag", "operator": "eq", "value": "a"}], [tag()], []),
        {"temporaryID": "w", "type": "wait", "wait": WAIT},
        {"temporaryID": "g", "type": "goal", "goal": {"event": "paid"}},
        {"temporaryID": "h", "type": "holdout", "holdout": {"percentage": 5}},
        tag("last"),
    )
    taken: list[str] = []
    for block in made["blocks"]:
        whole, path = block[block["type"]], block["type"]
        if path == "action":
            path, whole = f"action.{whole['type']}", whole[whole["type"]]
        for name in set(whole) - KEPT:
            answer = await journeys.patch(made["id"], blocks=[with_null(block, whole, name)])
            if answer.status_code == 200:
                taken.append(f"{path}.{name}")
            else:
                assert_faults(answer, f"blocks.0.{path}.{name}")
    assert sorted(taken) == [
        "action.sendEmail.senderEmail",
        "action.sendPush.iconID",
        "action.sendPush.imageID",
        "action.sendSms.imageID",
        "action.sendWebhook.headers",
        "action.updateAttribute.value",
        "delay.allowedWeekdays",
        "goal.filterGroups",
        "wait.filterGroups",
    ]


async def test_branches_cannot_be_patched(journeys: JourneysSurface) -> None:
    filters = [{"type": "contact", "field": "tag", "operator": "eq", "value": "a"}]
    made = await journeys.create(
        split("s", filters, [tag()], []),
        {
            "temporaryID": "ab",
            "type": "abTesting",
            "abTesting": {"aBlocksPercentage": 50, "aBlocks": [tag("a")]},
        },
    )
    asked, test = made["blocks"]
    ratio = {"id": test["id"], "type": "abTesting", "abTesting": {"aBlocksPercentage": 100}}
    changed = await journeys.patch(made["id"], blocks=[ratio])
    assert changed.json()["blocks"][1]["abTesting"] == test["abTesting"] | {"aBlocksPercentage": 100}
    answer = await journeys.patch(
        made["id"],
        blocks=[
            {"id": asked["id"], "type": "split", "split": {"trueBlocks": []}},
            {"id": test["id"], "type": "abTesting", "abTesting": {"aBlocksPercentage": 101, "aBlocks": []}},
        ],
    )
    assert_faults(
        answer,
        "blocks.0.split.filterGroup",
        "blocks.0.split.trueBlocks",
        "blocks.1.abTesting.aBlocksPercentage",
        "blocks.1.abTesting.aBlocks",
    )
