"""Every rule of a journey's document, over HTTP: what is taken, and which field is told otherwise."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.journeys.validation import MAX_BLOCKS, MAX_DEPTH
from store.database import Database
from store.event_types import SeenEvent, learn_event_types
from store.tables import Segment
from tests.api.journeys_surface import (
    COMPLIANCE,
    TRIGGER,
    UNKNOWN_ID,
    JourneysSurface,
    action,
    assert_faults,
    delay,
    journey,
    nested,
    sms,
    split,
    tag,
)
from tests.api.seed_journeys import AUDIENCES, BIRTHDAYS, ENTERED_SEGMENT, SEGMENT

Body = dict[str, Any]
WEBHOOK = {"callbackUrl": "https://example.com/hook", "body": '{"contactEmail": "[[contact.email]]"}'}
PUSH = {"title": "Hi", "body": "Look", "clickUrl": "https://example.com"}
CONTACT = {"type": "contact", "field": "tag", "operator": "eq", "value": "a"}


@pytest.fixture
async def learned(journeys: JourneysSurface, database: Database) -> JourneysSurface:
    """A program that has had orders from two shops, checkouts from one, and has the seed's segment."""
    program_id = UUID(journeys.program_id)
    order = {
        "total_price": 50,
        "currency": "EUR",
        "paid": True,
        "items": [{"sku": "a"}],
        "sizes": [1],
        "shop": {"name": "A"},
    }
    segment_id = UUID(f"{SEGMENT}00000000")
    async with database.transaction() as session:
        if await session.get(Segment, segment_id) is None:
            session.add(Segment(id=segment_id, program_id=program_id, name="VIPs", expression="true"))
        else:
            (await session.get_one(Segment, segment_id)).program_id = program_id
        seen = [
            SeenEvent(program_id, "placed order", "shopify", order),
            SeenEvent(program_id, "placed order", "api", order),
            SeenEvent(program_id, "started checkout", "shopify", {"total_price": 1.5}),
        ]
        await learn_event_types(session, seen, datetime.now(UTC))
    return journeys


def triggered(event: str = "placed order", origin: str | None = "api", *filters: Body, **fields: Any) -> Body:
    groups = [{"logicalOperator": "and", "filters": list(filters)}] if filters else []
    condition: Body = {"event": event, "filterGroups": groups}
    if origin is not None:
        condition["origin"] = origin
    return {"condition": condition, **fields}


def on(field: str, operator: str, *value: Any) -> Body:
    return {"field": field, "operator": operator} | ({"value": value[0]} if value else {})


def for_people(field: str, operator: str, value: Any) -> Body:
    return TRIGGER | {
        "audienceFilterGroup": {"logicalOperator": "and", "filters": [on(field, operator, value)]}
    }


def limited(**settings: Any) -> Body:
    return journey(settings=settings)


def every(mode: str = "interval", amount: int = 1, units: str = "d") -> Body:
    return limited(frequencyLimiter={"mode": mode, "duration": {"amount": amount, "units": units}})


@pytest.mark.parametrize("trigger", [*BIRTHDAYS, ENTERED_SEGMENT])
async def test_each_trigger_of_the_seed_is_taken_as_it_stands(
    learned: JourneysSurface, trigger: Body
) -> None:
    made = await learned.create(trigger=trigger)
    shown = made["trigger"]["condition"]
    assert shown == {"filterGroups": []} | trigger["condition"]


@pytest.mark.parametrize("audience", AUDIENCES)
async def test_each_audience_of_the_seed_is_taken_as_it_stands(
    learned: JourneysSurface, audience: Body
) -> None:
    made = await learned.create(trigger=TRIGGER | {"audienceFilterGroup": audience} | triggered())
    assert made["trigger"]["audienceFilterGroup"] == audience


TAKEN: list[Body] = [
    journey(delay(mode="immediate", duration=None), tag()),
    journey(delay(mode="specificTime", duration=None, time="23:59", allowedWeekdays=["monday"]), tag()),
    journey(delay(duration={"amount": 2, "units": "M"}, timezone="contact"), tag()),
    journey(split("s", [CONTACT], [delay("in")], []), tag()),
    journey({"temporaryID": "t", "type": "abTesting", "abTesting": {"aBlocksPercentage": 0, "bBlocks": [tag()]}}),
    journey({"temporaryID": "t", "type": "abTesting", "abTesting": {"aBlocksPercentage": 50, "aBlocks": [delay("d")]}}, tag()),
    journey(sms(compliance={"stopKeywordText": "STOP", "unsubscribeLinkText": "Leave: [[unsubscribe_link]]"})),
    journey(action("p", "sendPush", **PUSH), split("s", [{"type": "message", "field": "blockID", "operator": "clickedPush", "value": "p", "urlMatch": {"operator": "any"}}], [tag()], [])),
    journey(split("s", [CONTACT], [sms("deep")], []), split("t", [{"type": "message", "field": "blockID", "operator": "clickedSms", "value": "deep"}], [tag()], [])),
    journey(action("p", "sendPush", **PUSH | {"clickUrl": "https://example.com/?n=" + "n" * 1_900})),
    journey(action("p", "sendPush", **PUSH | {"clickUrl": "{{ event.link }}"})),
    journey(action("w", "sendWebhook", **WEBHOOK, headers=[{"key": "X-Api-Key", "value": "secret"}])),
    journey(action("w", "sendWebhook", callbackUrl="https://example.com", body='{"points": [[contact.points]], "list": [[1], [2]]}')),
    journey(trigger=triggered("placed order", "api", on("total_price", "gte", 50), on("currency", "in", ["EUR"]), on("paid", "eq", True), on("shop.name", "startsWith", "A"), on("items", "exists"), on("sizes", "notExists"), on("shop", "exists"), on("colour", "eq", "red"))),
    journey(trigger=triggered("started checkout", None, on("total_price", "lt", 9))),
    journey(trigger=triggered("subscribed to marketing", None)),
    journey(trigger=triggered("never seen", "anywhere")),
    journey(trigger=triggered(inactivitySettings={"duration": {"amount": 30, "units": "m"}})),
    journey(exitConditions=[{"event": "started checkout", "filterGroup": {"logicalOperator": "or", "filters": [on("total_price", "eq", 3)]}}]),
    every(amount=8_760, units="h"),
    limited(frequencyLimiter=None, overlapLimiter=None),
    limited(frequencyLimiter={"mode": "once"}),
    limited(sendingThresholds={"email": "all", "sms": "nonSubscribed"}),
    journey({"temporaryID": "w", "type": "wait", "wait": {"event": "started checkout", "timeout": {"amount": 1, "units": "d"}, "eventBlocks": [tag()]}}),
    journey({"temporaryID": "g", "type": "goal", "goal": {"event": "started checkout"}}),
    journey({"temporaryID": "h", "type": "holdout", "holdout": {"percentage": 10}}, tag()),
    journey({"temporaryID": "r", "type": "randomSplit", "randomSplit": {"arms": [{"weight": 1, "blocks": [tag()]}, {"weight": 3}]}}),
    journey(action("w", "sendWhatsapp", message="Hello"), action("u", "updateAttribute", name="plan", value={"a": [1]})),
    nested(MAX_DEPTH),
    journey(*(tag(f"t{number}") for number in range(MAX_BLOCKS))),
]  # fmt: skip


@pytest.mark.parametrize("body", TAKEN)
async def test_what_the_rules_allow_is_taken_and_can_be_put_back(
    learned: JourneysSurface, body: Body
) -> None:
    if "origin" not in body["trigger"]["condition"] and body["trigger"] == TRIGGER:
        body = body | {"trigger": triggered()}
    made = await learned.post(body)
    assert made.status_code == 201, made.text
    shown = made.json()
    put = await learned.put_blocks(shown["id"], *shown["blocks"])
    assert put.status_code == 200, put.text
    assert put.json()["blocks"] == shown["blocks"]
    parts = {name: shown[name] for name in ("trigger", "settings", "exitConditions")}
    patched = await learned.patch(shown["id"], **parts)
    assert patched.status_code == 200, patched.text
    assert patched.json() | {"updatedAt": ""} == shown | {"updatedAt": ""}


BLOCK = "blocks.0"
REFUSED: list[tuple[Body, tuple[str, ...]]] = [
    ({}, ("name", "trigger", "blocks")),
    (journey(name=""), ("name",)),
    (journey() | {"isEnabled": True}, ("isEnabled",)),
    (journey() | {"blocks": []}, ("blocks",)),
    # Blocks: their keys, their names, and what follows what.
    (journey({"temporaryID": "x", "type": "delay"}, tag()), (f"{BLOCK}.delay",)),
    (journey(tag() | {"delay": {"mode": "immediate"}}), (f"{BLOCK}.delay",)),
    (journey(tag() | {"type": "email"}), (f"{BLOCK}.type",)),
    (journey(tag() | {"id": UNKNOWN_ID}), (f"{BLOCK}.id",)),
    (journey({"type": "action", "action": tag()["action"]}), (f"{BLOCK}.temporaryID",)),
    (journey(tag("x" * 37)), (f"{BLOCK}.temporaryID",)),
    (journey(tag("x"), split("s", [CONTACT], [tag("x")], [])), ("blocks.1.split.trueBlocks.0.temporaryID",)),
    (journey(tag(), delay()), ("blocks.1",)),
    (journey(split("s", [CONTACT], [delay("d")], [tag("t")])), (f"{BLOCK}.split.trueBlocks.0",)),
    (journey(split("s", [CONTACT], [], [])), (f"{BLOCK}.split",)),
    (journey({"temporaryID": "t", "type": "abTesting", "abTesting": {"aBlocksPercentage": 101}}), (f"{BLOCK}.abTesting", f"{BLOCK}.abTesting.aBlocksPercentage")),
    (journey({"temporaryID": "t", "type": "abTesting", "abTesting": {"aBlocksPercentage": 1.5, "aBlocks": [tag()]}}), (f"{BLOCK}.abTesting.aBlocksPercentage",)),
    # Delays.
    (journey(delay(mode="soon"), tag()), (f"{BLOCK}.delay.mode",)),
    (journey(delay(duration=None), tag()), (f"{BLOCK}.delay.duration",)),
    (journey(delay(time="10:00"), tag()), (f"{BLOCK}.delay.time",)),
    (journey(delay(mode="specificTime", duration=None), tag()), (f"{BLOCK}.delay.time",)),
    (journey(delay(mode="specificTime", duration=None, time="9:30"), tag()), (f"{BLOCK}.delay.time",)),
    (journey(delay(duration={"amount": 0, "units": "y"}), tag()), (f"{BLOCK}.delay.duration.amount", f"{BLOCK}.delay.duration.units")),
    (journey(delay(duration={"amount": 121, "units": "M"}), tag()), (f"{BLOCK}.delay.duration.amount",)),
    (journey(delay(allowedWeekdays=["someday"]), tag()), (f"{BLOCK}.delay.allowedWeekdays.0",)),
    # Actions.
    (journey({"temporaryID": "x", "type": "action", "action": {"type": "sendPush", **PUSH}}), (f"{BLOCK}.action.sendPush", *(f"{BLOCK}.action.{name}" for name in PUSH))),
    (journey(tag() | {"action": {"type": "addTag", "addTag": {"value": "a"}, "removeTag": {"value": "b"}}}), (f"{BLOCK}.action.removeTag",)),
    (journey(action("x", "updateContact", value="a")), (f"{BLOCK}.action.type", f"{BLOCK}.action.updateContact")),
    (journey(tag(value="x" * 251)), (f"{BLOCK}.action.addTag.value",)),
    (journey(action("e", "sendEmail", subject="s" * 251, preheader="", senderName="", language="english", senderEmail="me", replyToEmail="@", isSkipAllowed="no", templateID=UNKNOWN_ID)), tuple(f"{BLOCK}.action.sendEmail.{name}" for name in ("subject", "senderName", "language", "senderEmail", "replyToEmail", "isSkipAllowed", "templateID"))),
    (journey(action("e", "sendEmail", subject="s", preheader="p", senderName="n", language="en_US")), (f"{BLOCK}.action.sendEmail.templateID",)),
    (journey(action("e", "sendEmail", subject="s", preheader="p", senderName="n", language="en_US", contentID="x", templateID=UNKNOWN_ID)), (f"{BLOCK}.action.sendEmail.contentID", f"{BLOCK}.action.sendEmail.templateID")),
    (journey(action("s", "sendSms", message="m" * 1601)), (f"{BLOCK}.action.sendSms.message", f"{BLOCK}.action.sendSms.compliance")),
    (journey(sms(compliance={"isStopKeywordIncluded": True})), (f"{BLOCK}.action.sendSms.compliance.stopKeywordText", f"{BLOCK}.action.sendSms.compliance.unsubscribeLinkText")),
    (journey(sms(compliance=COMPLIANCE | {"unsubscribeLinkText": "here"})), (f"{BLOCK}.action.sendSms.compliance.unsubscribeLinkText",)),
    (journey(action("p", "sendPush", title="t", body="b" * 251)), (f"{BLOCK}.action.sendPush.body", f"{BLOCK}.action.sendPush.clickUrl")),
    (journey(action("p", "sendPush", **PUSH | {"clickUrl": "javascript:alert(1)"})), (f"{BLOCK}.action.sendPush.clickUrl",)),
    (journey(action("p", "sendPush", **PUSH | {"clickUrl": "https://example.com/{{ a"})), (f"{BLOCK}.action.sendPush.clickUrl",)),
    (journey(action("p", "sendPush", **PUSH | {"title": "{% include 'x' %}", "body": "{{ contact.points | divided_by: 0 }}"})), tuple(f"{BLOCK}.action.sendPush.{name}" for name in ("title", "body"))),
    (journey(action("w", "sendWebhook", callbackUrl="http://example.com", body="{", headers=[{"key": "a b", "value": "x\ny"}])), (f"{BLOCK}.action.sendWebhook.callbackUrl", f"{BLOCK}.action.sendWebhook.body", f"{BLOCK}.action.sendWebhook.headers.0.key", f"{BLOCK}.action.sendWebhook.headers.0.value")),
    (journey(action("w", "sendWebhook", **WEBHOOK, headers=[{"key": "a", "value": value} for value in ("é😀", "a\tb", "a b~", "")])), (f"{BLOCK}.action.sendWebhook.headers.0.value", f"{BLOCK}.action.sendWebhook.headers.1.value")),
    (journey(action("w", "sendWebhook", callbackUrl="https://169.254.169.254/latest", body="{}")), (f"{BLOCK}.action.sendWebhook.callbackUrl",)),
    (journey(action("j", "enrollJourney", automationID=UNKNOWN_ID)), (f"{BLOCK}.action.enrollJourney.automationID",)),
    (journey(action("u", "updateAttribute", name="", value="\0")), (f"{BLOCK}.action.updateAttribute.name", f"{BLOCK}.action.updateAttribute.value")),
    # Splits.
    (journey(split("s", [], [tag()], [])), (f"{BLOCK}.split.filterGroup.filters",)),
    (journey(split("s", [{"type": "message", "field": "blockID", "operator": "clickedSms", "value": "later"}], [sms("later")], []), sms("z")), (f"{BLOCK}.split.filterGroup.filters.0.value",)),
    (journey(sms("a"), split("s", [{"type": "message", "field": "block", "operator": "openedEmail", "value": "a", "urlMatch": {"operator": "any"}}], [tag()], [])), tuple(f"blocks.1.split.filterGroup.filters.0.{name}" for name in ("field", "value", "urlMatch"))),
    (journey(sms("a"), split("s", [{"type": "message", "field": "blockID", "operator": "clicked"}], [tag()], [])), tuple(f"blocks.1.split.filterGroup.filters.0.{name}" for name in ("operator", "value"))),
    (journey(sms("a"), split("s", [{"type": "message", "field": "blockID", "operator": "clickedSms", "value": "a", "urlMatch": {"operator": "is"}}], [tag()], [])), ("blocks.1.split.filterGroup.filters.0.urlMatch.value",)),
    (journey(split("s", [{"type": "message", "field": "blockID", "operator": "clickedSms", "value": "t"}], [tag("t")], [])), (f"{BLOCK}.split.filterGroup.filters.0.value",)),
    (journey(split("s", [CONTACT | {"operator": "gt", "urlMatch": {"operator": "any"}}], [tag()], [])), (f"{BLOCK}.split.filterGroup.filters.0.operator", f"{BLOCK}.split.filterGroup.filters.0.urlMatch")),
    (journey(split("s", [{"type": "event", "field": "total_price", "operator": "eq", "value": "50"}], [tag()], [])), (f"{BLOCK}.split.filterGroup.filters.0.value",)),
    (journey(split("s", [{"type": "person", "field": "x", "operator": "eq"}], [tag()], [])), (f"{BLOCK}.split.filterGroup.filters.0.type",)),
    # Triggers, and what they say of events.
    (journey(trigger={"condition": {"event": "placed order", "origin": None}}), ("trigger.condition.origin",)),
    (journey(trigger=triggered("placed order", "woocommerce")), ("trigger.condition.origin",)),
    (journey(trigger=triggered("birthday", "api")), ("trigger.condition.origin",)),
    (journey(trigger=triggered("entered segment", None)), ("trigger.condition.origin",)),
    (journey(trigger=triggered("entered segment", "api")), ("trigger.condition.origin",)),
    (journey(trigger=triggered("entered segment", "omnisend", on("segmentID", "eq", SEGMENT))), ("trigger.condition.filterGroups.0.filters.0.field",)),
    (journey(trigger=triggered("entered segment", "omnisend", on("segment_id", "in", [SEGMENT, UNKNOWN_ID]))), ("trigger.condition.filterGroups.0.filters.0.value.1",)),
    *((journey(trigger=triggered("placed order", "api", condition)), (f"trigger.condition.filterGroups.0.filters.0.{name}",)) for condition, name in (
        (on("total_price", "gte", "50"), "value"),
        (on("total_price", "eq", True), "value"),
        (on("total_price", "contains", "5"), "operator"),
        (on("currency", "gt", 3), "operator"),
        (on("currency", "eq", 3), "value"),
        (on("currency", "in", ["EUR", 3]), "value.1"),
        (on("currency", "in", "EUR"), "value"),
        (on("currency", "eq"), "value"),
        (on("paid", "eq", "yes"), "value"),
        (on("paid", "startsWith", "y"), "operator"),
        (on("currency", "exists", "EUR"), "value"),
        (on("currency", "is", "EUR"), "operator"),
        (on("shop..name", "exists"), "field"),
        (on("sizes", "eq", "a"), "operator"),
        (on("sizes", "gt", 1), "operator"),
        (on("sizes", "contains", "1"), "operator"),
        (on("sizes", "notIn", [1]), "operator"),
        (on("sizes", "exists", 1), "value"),
        (on("items.sku", "eq", 5), "field"),
        (on("items.sku", "exists"), "field"),
        (on("shop", "eq", "x"), "operator"),
    )),
    *((journey(trigger=triggered("birthday", None, *filters)), (field,)) for filters, field in (
        ((on("birthdate", "eq", "24"),), "trigger.condition.filterGroups.0.filters.0.value"),
        ((on("birthdate", "eq", "-9999h"),), "trigger.condition.filterGroups.0.filters.0.value"),
        ((on("birthdate", "gt", "24h"),), "trigger.condition.filterGroups.0.filters.0.operator"),
        ((on("birthday", "eq", "24h"),), "trigger.condition.filterGroups.0.filters.0.field"),
        ((on("birthdate", "eq", "24h"),) * 2, "trigger.condition.filterGroups"),
    )),
    (journey(trigger={"condition": {"event": "birthday"}, "inactivitySettings": {"duration": {"amount": 1, "units": "h"}}}), ("trigger.inactivitySettings",)),
    (journey(trigger=triggered(inactivitySettings={"duration": {"amount": 0, "units": "M"}})), ("trigger.inactivitySettings.duration.amount", "trigger.inactivitySettings.duration.units")),
    (journey(trigger=triggered(inactivitySettings={"duration": {"amount": 1_000_000, "units": "w"}})), ("trigger.inactivitySettings.duration.amount",)),
    # Audiences.
    *((journey(trigger=for_people(*condition) | triggered()), (f"trigger.audienceFilterGroup.filters.0.{name}",)) for condition, name in (
        (("segmentID", "eq", UNKNOWN_ID), "value"),
        (("segmentID", "contains", SEGMENT), "operator"),
        (("segment_id", "eq", SEGMENT), "field"),
        (("tag", "contains", "vip"), "operator"),
        (("gender", "neq", "f"), "operator"),
        (("gender", "eq", "female"), "value"),
        (("dateAdded", "gte", "2025-01-01"), "operator"),
        (("dateAdded", "gt", "2025-1-1"), "value"),
        (("dateAdded", "gt", "2025-02-30"), "value"),
        (("firstName", "startsWith", "J"), "operator"),
        (("country", "eq", ""), "value"),
        (("country", "eq", 7), "value"),
        (("email", "eq", "a@example.com"), "field"),
        (("tag", "is", "vip"), "operator"),
    )),
    (journey(trigger=TRIGGER | {"audienceFilterGroup": {"logicalOperator": "xor", "filters": []}} | triggered()), ("trigger.audienceFilterGroup.logicalOperator", "trigger.audienceFilterGroup.filters")),
    # Exits.
    (journey(exitConditions=[{"event": "birthday"}, {"event": "product back in stock"}, {"event": "placed order"}]), ("exitConditions.0.event", "exitConditions.1.event", "exitConditions.2.origin")),
    (journey(exitConditions=[{"event": "started checkout", "filterGroup": {"logicalOperator": "and", "filters": [on("total_price", "eq", "x")]}}]), ("exitConditions.0.filterGroup.filters.0.value",)),
    # Settings.
    (limited(sendingThresholds=None), ("settings.sendingThresholds",)),
    (limited(sendingThresholds={"email": "some"}), ("settings.sendingThresholds.email", "settings.sendingThresholds.sms")),
    (every("once"), ("settings.frequencyLimiter.duration",)),
    (limited(frequencyLimiter={"mode": "interval"}), ("settings.frequencyLimiter.duration",)),
    *((every(amount=amount, units=units), ("settings.frequencyLimiter.duration.amount",)) for amount, units in ((8_761, "h"), (366, "d"), (53, "w"), (0, "h"))),
    (limited(overlapLimiter={"mode": "currentlyIn", "automationIDs": [UNKNOWN_ID], "withinDays": 3}), ("settings.overlapLimiter.automationIDs.0", "settings.overlapLimiter.withinDays")),
    (limited(overlapLimiter={"mode": "recentlyIn", "automationIDs": []}), ("settings.overlapLimiter.automationIDs", "settings.overlapLimiter.withinDays")),
    (limited(overlapLimiter={"mode": "recentlyIn", "automationIDs": [UNKNOWN_ID], "withinDays": 8}), ("settings.overlapLimiter.automationIDs.0", "settings.overlapLimiter.withinDays")),
    (limited(discount={}), ("settings.discount",)),
    # Our own blocks.
    (journey({"temporaryID": "w", "type": "wait", "wait": {"event": "started checkout", "timeout": {"amount": 1, "units": "d"}}}), (BLOCK,)),
    (journey({"temporaryID": "g", "type": "goal", "goal": {"event": "placed order"}}), (f"{BLOCK}.goal.origin",)),
    (journey({"temporaryID": "w", "type": "wait", "wait": {"event": "birthday", "timeout": {"amount": 1, "units": "d"}, "eventBlocks": [tag()]}}), (f"{BLOCK}.wait.event",)),
    (journey({"temporaryID": "g", "type": "goal", "goal": {"event": "birthday", "origin": "api"}}), (f"{BLOCK}.goal.event",)),
    (journey({"temporaryID": "h", "type": "holdout", "holdout": {"percentage": -1}}), (f"{BLOCK}.holdout.percentage",)),
    (journey({"temporaryID": "r", "type": "randomSplit", "randomSplit": {"arms": [{"weight": 0, "blocks": [tag()]}]}}), (f"{BLOCK}.randomSplit.arms", f"{BLOCK}.randomSplit")),
    (journey({"temporaryID": "r", "type": "randomSplit", "randomSplit": {"arms": [{"weight": 1}, {"weight": 1}]}}), (f"{BLOCK}.randomSplit",)),
]  # fmt: skip


@pytest.mark.parametrize(("body", "fields"), REFUSED)
async def test_what_breaks_a_rule_is_refused_by_the_field_at_fault(
    learned: JourneysSurface, body: Body, fields: tuple[str, ...]
) -> None:
    if body.get("trigger") == TRIGGER:
        body = body | {"trigger": triggered()}
    assert_faults(await learned.post(body), *fields)
    assert (await learned.listed())["automations"] == []


async def test_fifty_mistakes_are_told_as_fifty(learned: JourneysSurface) -> None:
    blocks = [
        action(
            f"b{number}",
            "sendEmail",
            subject="",
            preheader="p" * 251,
            senderName=3,
            language="xx",
            templateID=UNKNOWN_ID,
        )
        for number in range(9)
    ]
    body = journey(*blocks, delay("b0"), trigger=triggered("placed order", "nowhere"))
    body["settings"] = {"sendingThresholds": None, "frequencyLimiter": {"mode": "once", "duration": {}}}
    answer = await learned.post(body)
    problem = answer.json()
    told = [fault["field"] for fault in problem["errors"]]
    assert len(told) == len(set(told)) == 9 * 5 + 7, told
    assert problem["detail"].endswith("(and 51 more)")


async def test_a_journey_cannot_wait_for_itself(learned: JourneysSurface) -> None:
    made = await learned.create(trigger=triggered())
    limit = {"overlapLimiter": {"mode": "currentlyIn", "automationIDs": [made["id"]]}}
    assert_faults(await learned.patch(made["id"], settings=limit), "settings.overlapLimiter.automationIDs.0")
    itself = action("j", "enrollJourney", automationID=made["id"])
    answer = await learned.put_blocks(made["id"], itself)
    assert_faults(answer, "blocks.0.action.enrollJourney.automationID")


async def test_a_list_is_compared_with_nothing_and_told_what_can_be(learned: JourneysSurface) -> None:
    ask = {"type": "event", **on("items", "eq", "a")}
    inner = {"type": "event", **on("items.sku", "eq", "a")}
    answer = await learned.post(journey(split("s", [ask, inner], [tag()], []), trigger=triggered()))
    at = "blocks.0.split.filterGroup.filters"
    told = assert_faults(answer, f"{at}.0.operator", f"{at}.1.field")
    assert [(fault["code"], fault["message"]) for fault in told] == [
        (
            "not_allowed",
            "eq is not for a property that is a list; expected a scalar property, or exists or notExists",
        ),
        ("not_allowed", "items is a list; expected a scalar property"),
    ]


async def test_nobody_waits_for_a_birthday_by_a_change_either(learned: JourneysSurface) -> None:
    wait = {"event": "started checkout", "timeout": {"amount": 1, "units": "d"}, "eventBlocks": [tag()]}
    blocks = [
        {"temporaryID": "w", "type": "wait", "wait": wait},
        {"temporaryID": "g", "type": "goal", "goal": {"event": "started checkout"}},
    ]
    made = await learned.create(*blocks, trigger=triggered())
    waiting, aim = made["blocks"]
    changes = [
        {"id": waiting["id"], "type": "wait", "wait": {"event": "birthday", "origin": None}},
        {"id": aim["id"], "type": "goal", "goal": {"event": "birthday"}},
    ]
    fields = ("blocks.0.wait.event", "blocks.1.goal.event")
    assert_faults(await learned.patch(made["id"], blocks=changes), *fields)
    put = [
        waiting | {"wait": waiting["wait"] | {"event": "birthday", "origin": None}},
        aim | {"goal": {"event": "birthday"}},
    ]
    assert_faults(await learned.put_blocks(made["id"], *put), *fields)


async def test_the_only_origin_of_an_event_is_taken_without_asking(learned: JourneysSurface) -> None:
    made = await learned.create(
        trigger=triggered("started checkout", None), exitConditions=[{"event": "started checkout"}]
    )
    assert made["trigger"]["condition"]["origin"] == "shopify"
    assert made["exitConditions"][0]["origin"] == "shopify"
