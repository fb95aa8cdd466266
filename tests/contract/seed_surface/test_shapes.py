"""Names, types and enumerations of automations: each answer against the seed."""

from typing import Any

import pytest

from tests.contract.seed_surface.automations import PAIRS, Pair, differences, error_differences
from tests.contract.seed_surface.bodies import create
from tests.contract.seed_surface.seed import SCRIP
from tests.fixtures.carillon import Carillon, eventually

OPTIONAL = ("description", "payload", "participant_filter", "guard_condition", "filter_hints")
each_pair = pytest.mark.parametrize("pair", PAIRS, ids=str)


@each_pair
async def test_each_endpoint_that_answers_an_automation_shows_the_seeds_object(
    carillon: Carillon, pair: Pair
) -> None:
    created = await create(carillon, pair)
    assert (created["trigger_type"], created["scope"]) == (pair.trigger_type, pair.scope)
    patched = (await carillon.patch(created["id"], description="Another")).json()
    listed = (await carillon.http.get(f"{carillon.base}/automations")).json()
    assert SCRIP.differences("list", listed) == []
    shown = [created, patched, await carillon.get(created["id"])]
    if pair.triggerable:
        if pair.trigger_type == "immediate":
            await carillon.closed_run(created["id"])
        shown.append((await carillon.trigger(created["id"])).json())
        await carillon.closed_run(created["id"], 2 if pair.trigger_type == "immediate" else 1)
    await carillon.delete(created["id"])
    shown.append(await carillon.get(created["id"]))
    assert [difference for automation in shown for difference in differences(automation)] == []


@each_pair
async def test_it_also_does_with_nothing_but_what_is_required(carillon: Carillon, pair: Pair) -> None:
    nothing: dict[str, Any] = dict.fromkeys(OPTIONAL)
    created = await create(carillon, pair, **nothing)
    assert differences(created) == []
    assert [created[name] for name in OPTIONAL] == [None, {}, None, None, []]


async def test_each_subscription_is_the_seeds(carillon: Carillon) -> None:
    await carillon.add_people(2)
    watching = await create(carillon, Pair("participant_state", "participants", triggerable=False))

    async def subscriptions() -> list[dict[str, Any]]:
        answer = await carillon.http.get(f"{carillon.base}/automations/{watching['id']}/subscriptions")
        assert SCRIP.differences("subscriptions", answer.json()) == []
        return list(answer.json()["data"])

    assert len(await eventually(subscriptions)) == 2


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"name": ""}),
        ("POST", "", []),
        ("GET", "?limit=0", None),
        ("GET", "?cursor=forged", None),
        ("GET", "/no-uuid", None),
        ("GET", "/6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7", None),
        ("PUT", "", {}),
    ],
)
async def test_each_refusal_has_the_seeds_shape(
    carillon: Carillon, method: str, path: str, body: object
) -> None:
    answer = await carillon.http.request(method, f"{carillon.base}/automations{path}", json=body)
    assert answer.status_code in {400, 404, 405}
    assert error_differences(answer.json()) == []
