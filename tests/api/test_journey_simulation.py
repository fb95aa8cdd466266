"""Simulations over HTTP: figures of people who do not exist, and nothing left behind."""

from typing import Any

import pytest

from api import journey_simulation
from store.database import Database
from tests.api.journeys_surface import JourneysSurface, assert_faults, delay, sms, split, tag
from tests.fixtures.people import query

START = "2026-03-02T12:00:00Z"
CLICKED = [{"type": "message", "field": "blockID", "operator": "clickedSms", "value": "hello"}]


async def simulate(journeys: JourneysSurface, journey_id: str, **asked: Any) -> dict[str, Any]:
    answer = await journeys.call("POST", f"/{journey_id}/simulate", json={"start": START, **asked})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_year_of_a_journey_is_told_in_figures(journeys: JourneysSurface) -> None:
    made = await journeys.create(
        sms("hello"),
        delay("pause"),
        split("asked", CLICKED, [tag("fan")], [sms("again")]),
        settings={"frequencyLimiter": {"mode": "interval", "duration": {"amount": 4, "units": "w"}}},
    )
    asked = {
        "days": 365,
        "population": {"size": 300, "subscribed": {"sms": 80}},
        "behaviour": {"clickPercent": 50, "events": [{"event": "placed order", "perYear": 12}]},
    }
    told = await simulate(journeys, made["id"], **asked)
    assert told == await simulate(journeys, made["id"], **asked)
    assert told != await simulate(journeys, made["id"], **asked, seed=2)
    assert (told["people"], told["end"]) == (300, "2027-03-02T12:00:00Z")
    assert set(told["refused"]) == {"entered_within_interval"}
    ended = sum(sum(reasons.values()) for reasons in told["ended"].values())
    assert told["entered"] == told["inside"] + ended > 1_000
    messages = told["messages"]
    assert messages["total"] == sum(day["messages"] for day in messages["perDay"])
    assert sum(messages["perPerson"].values()) == 300
    assert told["cutOffAt"] is None
    assert sum(path["passes"] for path in told["paths"]) == told["entered"]


async def test_people_may_be_given_one_by_one(journeys: JourneysSurface) -> None:
    audience = {"logicalOperator": "and", "filters": [{"field": "tag", "operator": "eq", "value": "vip"}]}
    trigger = {"condition": {"event": "placed order"}, "audienceFilterGroup": audience}
    made = await journeys.create(sms("hello"), trigger=trigger)
    people = [
        {"tags": ["vip"]},
        {"tags": ["vip"], "consent": {"sms": "unsubscribed"}},
        {"attributes": {"country": "ES"}},
    ]
    told = await simulate(journeys, made["id"], population={"people": people})
    assert (told["entered"], told["refused"]) == (2, {"audience": 1})
    assert told["messages"]["total"] == 1
    (hello,) = made["blocks"]
    assert told["blocks"][hello["id"]] == {"sent": 1, "skipped:no_consent": 1}


async def vips(journeys: JourneysSurface) -> str:
    """The id of a segment of all who have a tag."""
    body = {"name": "VIPs", "expression": '"vip" in participant.tags'}
    answer = await journeys.http.post(f"/v1/programs/{journeys.program_id}/segments", json=body)
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


async def test_people_are_in_the_segments_whose_conditions_hold_of_them(journeys: JourneysSurface) -> None:
    in_segment = {"type": "contact", "field": "segmentID", "operator": "eq", "value": await vips(journeys)}
    group = {key: value for key, value in in_segment.items() if key != "type"}
    audience = {"logicalOperator": "and", "filters": [group]}
    trigger = {"condition": {"event": "placed order"}, "audienceFilterGroup": audience}
    let_in = await journeys.create(sms("hello"), trigger=trigger)
    people = [{"tags": ["vip"]}, {"tags": ["other"]}, {}]
    told = await simulate(journeys, let_in["id"], population={"people": people})
    assert (told["entered"], told["refused"]) == (1, {"audience": 2})

    asked = await journeys.create(tag("now", "vip"), split("asked", [in_segment], [sms("yes")], [sms("no")]))
    told = await simulate(journeys, asked["id"], population={"people": people})
    assert told["blocks"][asked["blocks"][1]["id"]] == {"branched:true": 3}


async def test_whoever_is_in_the_triggers_segment_at_the_start_comes_in(journeys: JourneysSurface) -> None:
    named = {"field": "segment_id", "operator": "eq", "value": await vips(journeys)}
    entered = {
        "event": "entered segment",
        "origin": "omnisend",
        "filterGroups": [{"logicalOperator": "and", "filters": [named]}],
    }
    made = await journeys.create(sms("hello"), trigger={"condition": entered})
    people = [{"tags": ["vip"]}, {}, {}]
    for enters, expected in ((None, 1), (True, 3), (False, 0)):
        told = await simulate(journeys, made["id"], population={"people": people}, enterAtStart=enters)
        assert told["entered"] == expected


async def test_a_slow_segment_is_named(journeys: JourneysSurface) -> None:
    # A list that is built is copied as it grows.
    slow = "participant.attributes.visits.map(v, [v]).map(v, v).size() > 1000"
    body = {"name": "slow", "expression": slow}
    answer = await journeys.http.post(f"/v1/programs/{journeys.program_id}/segments", json=body)
    assert answer.is_success, answer.text
    in_segment = {"type": "contact", "field": "segmentID", "operator": "eq", "value": answer.json()["id"]}
    made = await journeys.create(split("asked", [in_segment], [sms("yes")], [sms("no")]))
    people = [{"attributes": {"visits": list(range(1000))}}] * 200
    refused = await journeys.call("POST", f"/{made['id']}/simulate", json={"population": {"people": people}})
    assert_faults(refused, "segments")


async def test_the_programs_caps_hold(journeys: JourneysSurface) -> None:
    sending = {"frequency_caps": [{"messages": 1, "hours": 24}]}
    answer = await journeys.http.patch(
        f"/v1/programs/{journeys.program_id}", json={"settings": {"sending": sending}}
    )
    assert answer.is_success, answer.text
    made = await journeys.create(sms("one"), sms("two"))
    told = await simulate(journeys, made["id"], population={"size": 5})
    assert told["messages"]["heldBack"] == {"frequency_cap": 5}


async def test_what_hardly_ever_happens_does_not_happen(journeys: JourneysSurface) -> None:
    made = await journeys.create()
    rare = [{"event": "placed order", "perYear": each} for each in (0.0001, 1e-9, 5e-324)]
    told = await simulate(journeys, made["id"], behaviour={"events": rare}, population={"size": 5})
    assert told["entered"] == 0


async def test_nothing_is_left_behind(
    journeys: JourneysSurface, database: Database, postgres_address: str
) -> None:
    made = await journeys.create(sms("hello"))
    await simulate(journeys, made["id"])
    for table in ("enrollment", "message", "participant", "event"):
        found = await query(
            postgres_address,
            f"SELECT count(*) FROM {table} WHERE program_id = %s",  # noqa: S608
            journeys.program_id,
        )
        assert found == [(0,)]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"start": "1999-12-31T23:59:59Z"}, "start"),
        ({"population": {"size": 10_001}}, "population.size"),
        ({"population": {"size": 5, "people": [{}]}}, "population"),
        ({"population": {"tags": {"vip": 101}}}, "population.tags.vip"),
        ({"population": {"attributes": {"plan": {}}}}, "population"),
        ({"population": {"people": [{"timezone": "Mars"}]}}, "population.people.0.timezone"),
        ({"behaviour": {"openPercent": -1}}, "behaviour.openPercent"),
        ({"behaviour": {"events": [{"event": "e", "perYear": 10_000}]}, "days": 366}, "behaviour.events"),
        ({"behaviour": {"events": [{"perYear": 1}]}}, "behaviour.events.0.event"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_a_bad_question_is_refused_by_its_field(
    journeys: JourneysSurface, asked: dict[str, Any], field: str
) -> None:
    made = await journeys.create()
    answer = await journeys.call("POST", f"/{made['id']}/simulate", json=asked)
    assert answer.status_code == 400, answer.text
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


async def test_a_journey_that_is_not_there_is_not_simulated(journeys: JourneysSurface) -> None:
    answer = await journeys.call("POST", f"/{'0' * 24}/simulate", json={})
    assert answer.status_code == 404


async def test_a_simulation_that_takes_long_is_told_as_far_as_it_came(
    journeys: JourneysSurface, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journey_simulation, "MOST_SECONDS", 0.3)
    slow = "{% for i in (1..1000) %}{{contact.first_name}}{% endfor %}"
    made = await journeys.create(*(sms(f"s{number}", message=slow) for number in range(20)))
    told = await simulate(journeys, made["id"], population={"size": 1_000})
    assert told["cutOffAt"] is not None
