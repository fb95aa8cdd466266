"""Filters of a journey that are right one by one, and together too much for one condition."""

from typing import Any

import pytest

from tests.api.journeys_surface import TRIGGER, JourneysSurface, assert_faults, journey, split, tag

Body = dict[str, Any]


def group(count: int, length: int) -> Body:
    """Of people's cities, or of an event's, which nothing is known of."""
    city = {"field": "city", "operator": "contains", "value": "x" * length}
    return {"logicalOperator": "or", "filters": [city] * count}


def with_groups(*groups: Body) -> list[tuple[Body, str]]:
    """Journeys with them in every place, and the place."""
    wait = {"event": "e", "filterGroups": list(groups), "timeout": {"amount": 1, "units": "d"}}
    goal = {"event": "e", "filterGroups": list(groups)}
    branches = {"eventBlocks": [tag("y")], "timeoutBlocks": [tag("n")]}
    return [
        (
            journey(trigger={"condition": {"event": "e", "filterGroups": list(groups)}}),
            "trigger.condition.filterGroups",
        ),
        (
            journey({"temporaryID": "w", "type": "wait", "wait": wait | branches}),
            "blocks.0.wait.filterGroups",
        ),
        (
            journey({"temporaryID": "g", "type": "goal", "goal": goal}, tag()),
            "blocks.0.goal.filterGroups",
        ),
    ]


def with_group(much: Body) -> list[tuple[Body, str]]:
    contacts = [one | {"type": "contact"} for one in much["filters"]]
    return [
        (journey(trigger=TRIGGER | {"audienceFilterGroup": much}), "trigger.audienceFilterGroup"),
        (journey(exitConditions=[{"event": "e", "filterGroup": much}]), "exitConditions.0.filterGroup"),
        (journey(split("s", contacts, [tag()], [])), "blocks.0.split.filterGroup"),
    ]


@pytest.mark.parametrize(
    ("body", "place"),
    with_groups(group(40, 60)) + with_groups(group(26, 1), group(26, 1)) + with_group(group(40, 60)),
)
async def test_what_cannot_be_one_condition_is_refused_where_it_stands(
    journeys: JourneysSurface, body: Body, place: str
) -> None:
    answer = await journeys.post(body)
    assert [fault["code"] for fault in assert_faults(answer, place)] == ["out_of_range"]


@pytest.mark.parametrize(
    "body", [body for body, _ in with_groups(group(25, 10), group(25, 1)) + with_group(group(40, 5))]
)
async def test_what_can_be_is_taken_and_enabled(journeys: JourneysSurface, body: Body) -> None:
    made = await journeys.post(body)
    assert made.status_code == 201, made.text
    enabled = await journeys.call("POST", f"/{made.json()['id']}/enable")
    assert enabled.status_code == 200, enabled.text
