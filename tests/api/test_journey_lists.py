"""Lists of journeys over HTTP: filters, order, and pages to and fro."""

import base64
import json
from typing import Any

import pytest

from tests.api.journeys_surface import JourneysSurface, assert_faults


def names(page: dict[str, Any]) -> list[str]:
    return [journey["name"] for journey in page["automations"]]


@pytest.fixture
async def five(journeys: JourneysSurface) -> JourneysSurface:
    for number in range(5):
        await journeys.create(name=f"Journey {number}")
    return journeys


async def test_pages_lead_to_the_end_and_back_without_repeating_what_was_asked(five: JourneysSurface) -> None:
    first = await five.listed(limit=2, sort="createdAt", direction="asc", nameContains="journey")
    assert names(first) == ["Journey 0", "Journey 1"]
    assert first["paging"]["limit"] == 2
    assert (first["paging"]["hasMore"], first["paging"]["cursors"]["before"]) == (True, None)
    second = await five.listed(limit=2, after=first["paging"]["cursors"]["after"])
    third = await five.listed(limit=2, after=second["paging"]["cursors"]["after"])
    assert (names(second), names(third)) == (["Journey 2", "Journey 3"], ["Journey 4"])
    assert (third["paging"]["hasMore"], third["paging"]["cursors"]["after"]) == (False, None)
    back = await five.listed(limit=2, before=third["paging"]["cursors"]["before"])
    assert names(back) == names(second)
    assert back["paging"]["hasMore"]


async def test_without_words_the_newest_hundred_come(five: JourneysSurface) -> None:
    page = await five.listed()
    assert names(page) == [f"Journey {number}" for number in (4, 3, 2, 1, 0)]
    assert page["paging"] == {"limit": 100, "hasMore": False, "cursors": {"after": None, "before": None}}


async def test_filters_go_by_state_name_and_instants(five: JourneysSurface) -> None:
    shown = (await five.listed(sort="createdAt", direction="asc"))["automations"]
    assert names(await five.listed(isEnabled="true")) == []
    assert len(names(await five.listed(isEnabled="false"))) == 5
    assert names(await five.listed(nameContains="3")) == ["Journey 3"]
    later = await five.listed(createdAtFrom=shown[3]["createdAt"])
    assert names(later) == ["Journey 4", "Journey 3"]
    assert names(await five.listed(createdAtTo=shown[0]["createdAt"])) == ["Journey 0"]
    await five.patch(shown[0]["id"], name="Renamed")
    assert names(await five.listed(sort="updatedAt"))[0] == "Renamed"


async def test_other_filters_in_the_middle_of_a_list_are_refused(five: JourneysSurface) -> None:
    cursor = (await five.listed(limit=2, nameContains="Journey"))["paging"]["cursors"]["after"]
    same = await five.listed(limit=3, nameContains="Journey", after=cursor)
    assert len(names(same)) == 3
    answer = await five.call(
        "GET", params={"after": cursor, "nameContains": "other", "isEnabled": "true", "sort": "updatedAt"}
    )
    assert_faults(answer, "isEnabled", "nameContains", "sort")


def forged(**carried: Any) -> str:
    whole = {"at": "2026-01-01T00:00:00+00:00", "id": "x", "asked": {}} | carried
    return base64.urlsafe_b64encode(json.dumps(whole).encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        *("x", "é", "e30", "W10", "bnVsbA", "A" * 3_999),
        forged(at="2026-01-01T00:00:00"),
        forged(at=3),
        forged(id="\0"),
        forged(asked={"sort": "name"}),
        forged(asked={"updatedAtTo": "soon"}),
        forged(asked=[]),
    ],
)
async def test_a_cursor_that_is_none_is_refused(journeys: JourneysSurface, cursor: str) -> None:
    for name in ("after", "before"):
        assert_faults(await journeys.call("GET", params={name: cursor}), name)


async def test_what_excludes_each_other_is_refused(journeys: JourneysSurface) -> None:
    for params in ({"after": forged(), "before": forged()}, {"direction": "asc"}):
        assert_faults(await journeys.call("GET", params=params), "query")


async def test_a_number_is_no_instant_of_a_list(journeys: JourneysSurface) -> None:
    for name in ("createdAtFrom", "createdAtTo", "updatedAtFrom", "updatedAtTo"):
        assert_faults(await journeys.call("GET", params={name: "0.5"}), name)
