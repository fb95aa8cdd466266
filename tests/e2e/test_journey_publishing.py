"""An edit of a running journey, over every real part: people wait in one version and go on in another."""

from typing import Any

from tests.api.journeys_surface import JourneysSurface, delay, tag
from tests.fixtures.carillon import Carillon, eventually


async def test_people_in_the_middle_of_a_delay_go_over_to_the_new_version(carillon: Carillon) -> None:
    journeys = JourneysSurface(carillon.http, carillon.program_id)
    month = {"amount": 30, "units": "d"}
    made = await journeys.create(
        delay("wait", duration=month), tag("late", "late"), trigger={"condition": {"event": "signed up"}}
    )
    wait, late = made["blocks"]
    path = f"/{made['id']}"
    assert (await journeys.post(None, f"{path}/enable")).status_code == 200
    people = await carillon.add_people(3)
    for person in people:
        event = {"participant_id": person, "event_data": {"type": "signed up"}}
        answer = await carillon.http.post("/v1/events", json={"program_id": carillon.program_id} | event)
        assert answer.status_code == 202, answer.text
    edit: dict[str, Any] = {
        "mode": "migrate",
        "changes": {"blocks": [tag("now", "moved"), late]},
        "stepMap": {wait["id"]: "now"},
    }

    async def all_wait() -> bool:
        told = (await journeys.post(edit, f"{path}/publish/preview")).json()
        moving = [impact["people"] for impact in told["impacts"] if impact["outcome"] == "moves"]
        return moving == [3]

    await eventually(all_wait)
    assert (await journeys.get(made["id"]))["blocks"] == made["blocks"]
    told = (await journeys.post(edit, f"{path}/publish")).json()
    assert [impact["toBlockID"] for impact in told["impacts"]] == ["now"]

    async def all_tagged() -> bool:
        rows = [
            (await carillon.http.get(f"{carillon.base}/participants/{person}")).json()["tags"]
            for person in people
        ]
        return all({"moved", "late"} <= set(tags) for tags in rows)

    await eventually(all_tagged)
    flow = (await journeys.call("GET", f"{path}/flow")).json()
    assert (flow["entered"], flow["inside"], flow["completed"]) == (3, 0, 3)
