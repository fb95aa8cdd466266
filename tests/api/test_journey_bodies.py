"""Bodies that cannot be journeys, whatever the rules: too large, no documents, or of texts that cannot be stored."""

import json
from typing import Any

import pytest

from domain.journeys.validation import MAX_BLOCKS, MAX_DEPTH
from tests.api.journeys_surface import JourneysSurface, assert_faults, journey, nested, split, tag

Body = dict[str, Any]
CONTACT = {"type": "contact", "field": "tag", "operator": "eq", "value": "a"}


@pytest.mark.parametrize(
    "body",
    [
        nested(MAX_DEPTH + 1),
        nested(160),
        journey(*(tag(f"t{number}") for number in range(MAX_BLOCKS + 1))),
        journey(*(split(f"s{number}", [CONTACT], [tag(f"t{number}")], []) for number in range(250))),
    ],
)
async def test_too_much_is_refused_at_once(journeys: JourneysSurface, body: Body) -> None:
    (fault,) = (await journeys.post(body)).json()["errors"]
    assert fault["code"] == "out_of_range"
    assert fault["field"].startswith("blocks")


async def test_what_nests_beyond_reading_is_refused(journeys: JourneysSurface) -> None:
    inner = '{"temporaryID":"t","type":"action","action":{"type":"addTag","addTag":{"value":"x"}}}'
    for level in range(500):
        inner = f'{{"temporaryID":"s{level}","type":"split","split":{{"trueBlocks":[{inner}]}}}}'
    answer = await journeys.call(
        "POST",
        content=f'{{"name": "x", "trigger": {{}}, "blocks": [{inner}]}}',
        headers={"Content-Type": "application/json"},
    )
    assert_faults(answer, "body")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"null", b'"x"', b"3"])
async def test_a_body_that_is_no_document_is_refused(journeys: JourneysSurface, content: bytes) -> None:
    for method, path in (("POST", ""), ("PATCH", f"/{(await journeys.create())['id']}")):
        answer = await journeys.call(
            method, path, content=content, headers={"Content-Type": "application/json"}
        )
        assert_faults(answer, "body")


@pytest.mark.parametrize("text", ["\0", "\ud800", "x\0y"])
async def test_text_that_cannot_be_stored_is_refused_wherever_it_stands(
    journeys: JourneysSurface, text: str
) -> None:
    currency = {"field": "currency", "operator": "eq", "value": text}
    body = journey(
        tag("a", value=text),
        split("s", [CONTACT | {"value": text}], [tag("x")], []),
        name=text,
        trigger={
            "condition": {
                "event": "placed order",
                "origin": text,
                "filterGroups": [{"logicalOperator": "and", "filters": [currency]}],
            }
        },
    )
    body["exitConditions"] = [{"event": text}]
    body["settings"] = {"overlapLimiter": {"mode": "currentlyIn", "automationIDs": [text]}}
    answer = await journeys.call(
        "POST", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    fields = [fault["field"] for fault in answer.json()["errors"]]
    assert {
        "name",
        "exitConditions.0.event",
        "blocks.0.action.addTag.value",
        "trigger.condition.origin",
    } <= set(fields)
    assert "trigger.condition.filterGroups.0.filters.0.value" in fields
    assert "blocks.1.split.filterGroup.filters.0.value" in fields
