"""Whatever a journey is shown as can be written back, and changes nothing then."""

from typing import Any

import pytest

from tests.api.journeys_surface import (
    TRIGGER,
    UNKNOWN_ID,
    JourneysSurface,
    action,
    assert_faults,
    delay,
    email,
    journey,
    sms,
    split,
    tag,
)

COUNTRY = {"field": "country", "operator": "eq", "value": "US"}
BRANCHES = {"trueBlocks", "falseBlocks", "aBlocks", "bBlocks", "eventBlocks", "timeoutBlocks"}


def every_block(template_id: str, other_id: str) -> list[dict[str, Any]]:
    opened = {"type": "message", "field": "blockID", "operator": "openedEmail", "value": "mail"}
    push = {"title": "T", "body": "B", "clickUrl": "https://example.com", "iconID": "i", "imageID": "j"}
    call = {"callbackUrl": "https://example.com", "body": "{}", "headers": [{"key": "A", "value": "b"}]}
    wait = {"event": "paid", "timeout": {"amount": 1, "units": "M"}, "eventBlocks": [tag("paid")]}
    arms = [{"weight": 1, "blocks": [email("deep", template_id)]}, {"weight": 2}]
    return [
        email("mail", template_id, senderEmail="a@example.com", replyToEmail="b@example.com"),
        email("plain", template_id),
        delay(allowedWeekdays=["monday"]),
        delay("clock", mode="specificTime", duration=None, time="09:30", timezone="contact"),
        sms("sms", imageID="k", compliance={"stopKeywordText": "S", "unsubscribeLinkText": "[[unsubscribe_link]]"}),
        action("push", "sendPush", **push),
        action("call", "sendWebhook", **call),
        action("bare call", "sendWebhook", callbackUrl="https://example.com", body="{}"),
        action("untag", "removeTag", value="old"),
        action("whatsapp", "sendWhatsapp", message="Hello"),
        action("set", "updateAttribute", name="plan", value={"a": [1, None]}),
        action("unset", "updateAttribute", name="plan"),
        action("other", "enrollJourney", automationID=other_id),
        split("split", [opened, {"type": "contact", **COUNTRY}], [tag("yes")], [email("no", template_id)]),
        {"temporaryID": "ab", "type": "abTesting", "abTesting": {"aBlocksPercentage": 50, "aBlocks": [tag("a")]}},
        {"temporaryID": "await", "type": "wait", "wait": wait},
        {"temporaryID": "goal", "type": "goal", "goal": {"event": "paid", "filterGroups": []}},
        {"temporaryID": "out", "type": "holdout", "holdout": {"percentage": 5}},
        {"temporaryID": "arms", "type": "randomSplit", "randomSplit": {"arms": arms}},
        tag("last"),
    ]  # fmt: skip


@pytest.fixture
async def shown(journeys: JourneysSurface) -> dict[str, Any]:
    other = await journeys.create()
    blocks = every_block(await journeys.template(), other["id"])
    return await journeys.create(
        *blocks,
        trigger=TRIGGER | {"audienceFilterGroup": {"logicalOperator": "and", "filters": [COUNTRY]}},
        exitConditions=[{"event": "refunded"}],
        settings={
            "sendingThresholds": {"email": "all", "sms": "subscribed"},
            "frequencyLimiter": {"mode": "once"},
            "overlapLimiter": {"mode": "currentlyIn", "automationIDs": [other["id"]]},
        },
    )


def unchanged(answer: dict[str, Any], shown: dict[str, Any]) -> bool:
    return answer | {"updatedAt": ""} == shown | {"updatedAt": ""}


def patch_of(block: dict[str, Any]) -> dict[str, Any]:
    """The block without its branches, which only a PUT can name."""
    kind = block["type"]
    return block | {kind: {name: value for name, value in block[kind].items() if name not in BRANCHES}}


async def test_the_blocks_that_are_shown_can_be_put_back(
    journeys: JourneysSurface, shown: dict[str, Any]
) -> None:
    put = await journeys.put_blocks(shown["id"], *shown["blocks"])
    assert put.status_code == 200, put.text
    assert unchanged(put.json(), shown)
    preview = await journeys.post({"changes": {"blocks": shown["blocks"]}}, f"/{shown['id']}/publish/preview")
    assert preview.status_code == 200, preview.text


async def test_every_part_that_is_shown_can_be_sent_in_a_patch(
    journeys: JourneysSurface, shown: dict[str, Any]
) -> None:
    for name in ("name", "trigger", "exitConditions", "settings"):
        patched = await journeys.patch(shown["id"], **{name: shown[name]})
        assert patched.status_code == 200, patched.text
        assert unchanged(patched.json(), shown), name
    patches = [patch_of(block) for block in shown["blocks"] if block["type"] != "randomSplit"]
    patched = await journeys.patch(shown["id"], blocks=patches)
    assert patched.status_code == 200, patched.text
    assert unchanged(patched.json(), shown)


async def test_a_content_that_is_not_the_blocks_is_refused(journeys: JourneysSurface) -> None:
    template_id, other_id = await journeys.template(), await journeys.template(name="Other")
    made = await journeys.create(email("mail", template_id), tag())
    mail, tagged = made["blocks"]

    def saying(content: object, **block: Any) -> dict[str, Any]:
        said = mail["action"]["sendEmail"] | {"contentID": content}
        return mail | {"action": {"type": "sendEmail", "sendEmail": said}} | block

    place = "blocks.0.action.sendEmail.contentID"
    for content in (other_id, UNKNOWN_ID):
        (fault,) = assert_faults(await journeys.put_blocks(made["id"], saying(content), tagged), place)
        assert (fault["code"], fault["message"][:9]) == ("not_allowed", "read-only")
        (fault,) = assert_faults(await journeys.patch(made["id"], blocks=[saying(content)]), place)
        assert (fault["code"], fault["message"][:9]) == ("not_allowed", "read-only")
    assert_faults(await journeys.put_blocks(made["id"], saying(7), tagged), place)
    new = email("new", template_id, contentID=template_id)
    assert_faults(await journeys.put_blocks(made["id"], new, tagged), place)
    assert_faults(await journeys.post(journey(new)), place)
    assert await journeys.get(made["id"]) == made


async def test_a_discount_cannot_be_set(journeys: JourneysSurface) -> None:
    made = await journeys.create()
    for discount in ({}, False, "10%"):
        answer = await journeys.patch(made["id"], settings={"discount": discount})
        (fault,) = assert_faults(answer, "settings.discount")
        assert fault["message"] == "has no value here; expected null, or no such field"
