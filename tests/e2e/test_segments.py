"""Segments through the whole of Carillon: found by upkeep, and reached by automations that name them."""

from typing import Any

from tests.fixtures.carillon import Carillon, eventually

VIP = '"vip" in participant.tags'


async def refreshed(carillon: Carillon, path: str, after: str | None = None) -> dict[str, Any]:
    """The segment once its members are those of a time later than `after`."""

    async def look() -> dict[str, Any] | None:
        shown: dict[str, Any] = (await carillon.http.get(path)).json()
        at = shown["refreshed_at"]
        return shown if at is not None and (after is None or at > after) else None

    found: dict[str, Any] = await eventually(look)
    return found


async def reached(carillon: Carillon, automation_id: str, number: int) -> set[str]:
    """Whom a run of the automation, triggered now, sends to."""
    assert (await carillon.trigger(automation_id)).status_code == 200
    run = await carillon.closed_run(automation_id, number)
    rows = await carillon.outcomes(automation_id, run["id"])
    assert {row["outcome"] for row in rows} <= {"sent"}
    return {row["participant_id"] for row in rows}


async def test_an_automation_reaches_exactly_the_members_of_a_segment_as_they_come_and_go(
    carillon: Carillon,
) -> None:
    stays, leaves = await carillon.add_people(2, tags=["vip"])
    (comes,) = await carillon.add_people(1)
    answer = await carillon.http.post(f"{carillon.base}/segments", json={"name": "VIPs", "expression": VIP})
    assert answer.status_code == 201, answer.text
    path = f"{carillon.base}/segments/{answer.json()['id']}"
    segment = await refreshed(carillon, path)
    assert (segment["status"], segment["member_count"]) == ("ready", 2)

    named = f'in_segment("{segment["id"]}")'
    automation = await carillon.create(participant_filter=named, guard_condition=named)
    assert await reached(carillon, automation["id"], 1) == {stays, leaves}

    for person, tags in ((leaves, []), (comes, ["vip"])):
        change = await carillon.http.patch(f"{carillon.base}/participants/{person}", json={"tags": tags})
        assert change.status_code == 200
    assert (await carillon.http.post(f"{path}/refresh")).status_code == 202
    await refreshed(carillon, path, after=segment["refreshed_at"])
    assert await reached(carillon, automation["id"], 2) == {stays, comes}

    assert (await carillon.http.delete(path)).status_code == 204
    assert await reached(carillon, automation["id"], 3) == set()
