"""People into a journey and through it, past every real part: the API, the pump, the journey's workflow."""

from typing import Any

import httpx

from tests.api.journeys_surface import journey, tag
from tests.fixtures.carillon import Carillon, eventually


def of(carillon: Carillon) -> dict[str, str]:
    return {"X-Program-Id": carillon.program_id}


async def add_journey(carillon: Carillon, **fields: Any) -> str:
    """The id of an enabled journey that tags people as customers."""
    answer = await carillon.http.post("/api/automations", json=journey(tag(), **fields), headers=of(carillon))
    assert answer.status_code == 201, answer.text
    journey_id = str(answer.json()["id"])
    answer = await carillon.http.post(f"/api/automations/{journey_id}/enable", headers=of(carillon))
    assert answer.is_success, answer.text
    return journey_id


async def send(carillon: Carillon, participant_id: str, type_: str) -> None:
    event = {
        "program_id": carillon.program_id,
        "participant_id": participant_id,
        "event_data": {"type": type_},
    }
    (await carillon.http.post("/v1/events", json=event)).raise_for_status()


async def tags_of(carillon: Carillon, participant_id: str) -> list[str]:
    answer = await carillon.http.get(f"{carillon.base}/participants/{participant_id}")
    return list(answer.raise_for_status().json()["tags"])


async def is_customer(carillon: Carillon, participant_id: str) -> bool:
    async def look() -> bool:
        return "customer" in await tags_of(carillon, participant_id)

    return bool(await eventually(look))


async def test_an_event_takes_its_participant_through_a_journey(carillon: Carillon) -> None:
    await add_journey(carillon)
    (ana,) = await carillon.add_people(1)
    await send(carillon, ana, "placed order")
    assert await is_customer(carillon, ana)


async def test_a_rule_sends_somebody_into_a_journey(carillon: Carillon) -> None:
    condition = {"event": "never"}
    journey_id = await add_journey(carillon, trigger={"condition": condition})
    rule = {
        "name": "Send in",
        "trigger_type": "asked",
        "actions": [{"type": "enroll_journey", "journey_id": journey_id}],
    }
    answer = await carillon.http.post("/v1/automation/rules", json=rule, headers=of(carillon))
    assert answer.status_code == 201, answer.text
    (ana,) = await carillon.add_people(1)
    await send(carillon, ana, "asked")
    assert await is_customer(carillon, ana)


async def test_an_automation_sends_its_participants_into_a_journey_and_counts_those_refused(
    carillon: Carillon,
) -> None:
    vips = {"logicalOperator": "and", "filters": [{"field": "tag", "operator": "eq", "value": "vip"}]}
    trigger = {"condition": {"event": "never"}, "audienceFilterGroup": vips}
    limits = {"frequencyLimiter": {"mode": "once"}}
    journey_id = await add_journey(carillon, trigger=trigger, settings=limits)
    inside, outside = await carillon.add_people(3, tags=["vip"]), await carillon.add_people(2)
    automation = await carillon.create(action={"type": "enroll_journey", "journey_id": journey_id})
    await carillon.trigger(automation["id"])
    run = await carillon.closed_run(automation["id"])
    assert (run["counts"]["sent"], run["counts"]["skipped"]) == (3, {"audience": 2})
    assert all([await is_customer(carillon, person) for person in inside])
    path = f"{carillon.base}/automations/{automation['id']}/runs/{run['id']}/participants"
    explained = (await carillon.http.get(f"{path}/{outside[0]}/explain")).raise_for_status().json()
    assert explained["reason"] == "audience"
    assert explained["gates"][-1] == {"gate": "journey", "open": False, "inputs": {"journey_id": journey_id}}
    await carillon.trigger(automation["id"])
    again = await carillon.closed_run(automation["id"], 2)
    assert again["counts"]["skipped"] == {"audience": 2, "entered_before": 3}


async def test_an_automation_names_a_journey_of_its_program(carillon: Carillon) -> None:
    body = {
        "name": "Send in",
        "event_name": "sent",
        "scope": "participants",
        "trigger": {"type": "immediate"},
        "action": {"type": "enroll_journey", "journey_id": "0" * 24},
    }
    answer = await carillon.post(body)
    assert answer.status_code == 422 or answer.status_code == 400, answer.text
    assert answer.json()["details"]["field"] == "action.journey_id"


async def test_whom_a_journey_refused_is_told_with_the_reason(carillon: Carillon) -> None:
    limits = {"frequencyLimiter": {"mode": "once"}}
    journey_id = await add_journey(carillon, settings=limits)
    (ana,) = await carillon.add_people(1)
    await send(carillon, ana, "placed order")
    await send(carillon, ana, "placed order")

    async def refused() -> list[dict[str, Any]]:
        return await refusals(carillon, journey_id)

    (refusal,) = await eventually(refused)
    assert (refusal["participantID"], refusal["reason"]) == (ana, "entered_before")
    assert await refusals(carillon, journey_id, reason="audience") == []
    assert await refusals(carillon, journey_id, participantID=ana) == [refusal]


async def refusals(carillon: Carillon, journey_id: str, **query: str) -> list[dict[str, Any]]:
    answer: httpx.Response = await carillon.http.get(
        f"/api/automations/{journey_id}/refusals", params=query, headers=of(carillon)
    )
    return list(answer.raise_for_status().json()["refusals"])
