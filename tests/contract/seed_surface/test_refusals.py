"""What may be done to which automation, and in which words it is refused."""

from itertools import product
from typing import Any

import pytest

from cli.stack import Stack
from tests.contract.seed_surface.automations import NOT_TRIGGERABLE, PAIRS, Pair, error_differences
from tests.contract.seed_surface.bodies import FAR_AHEAD, TRIGGERS, create
from tests.contract.seed_surface.seed import SCRIP
from tests.fixtures.carillon import FAR_FROM_NOW, Carillon, eventually
from tests.fixtures.people import add_many_people

CRON = Pair("cron", "participants", triggerable=True)
OWN_FIELDS = {
    "cron": ("cron_expression", FAR_FROM_NOW),
    "one_time": ("trigger_at", FAR_AHEAD),
    "participant_state": ("schedule_config", {"cron_expression": FAR_FROM_NOW}),
}
INVALID_PAIRS = sorted(
    set(product(SCRIP.enums["trigger_type"], SCRIP.enums["scope"]))
    - {(pair.trigger_type, pair.scope) for pair in PAIRS}
)
OUT_OF_PLACE = [
    (pair, name, value)
    for pair in PAIRS
    for owner, (name, value) in OWN_FIELDS.items()
    if owner != pair.trigger_type
]
each_pair = pytest.mark.parametrize("pair", PAIRS, ids=str)


async def refused(answer: Any, message: str | None = None) -> None:
    assert answer.status_code == 400, answer.text
    assert error_differences(answer.json()) == []
    if message is not None:
        assert answer.json()["message"] == message


async def idle(carillon: Carillon, pair: Pair) -> str:
    created = await create(carillon, pair)
    if pair.trigger_type == "immediate":
        await carillon.closed_run(created["id"])
    if pair.trigger_type == "participant_state":
        await carillon.once_set(created["id"], "last_evaluated_at")
    return str(created["id"])


@each_pair
async def test_an_active_idle_automation_is_triggered_if_the_seed_lets_it(
    carillon: Carillon, pair: Pair
) -> None:
    answer = await carillon.trigger(await idle(carillon, pair))
    if pair.triggerable:
        assert answer.status_code == 200
    else:
        await refused(answer, NOT_TRIGGERABLE)


@each_pair
async def test_a_paused_one_is_not(carillon: Carillon, pair: Pair) -> None:
    automation_id = await idle(carillon, pair)
    await carillon.patch(automation_id, status="paused")
    await refused(await carillon.trigger(automation_id), NOT_TRIGGERABLE)


@each_pair
async def test_nor_is_an_archived_one(carillon: Carillon, pair: Pair) -> None:
    automation_id = await idle(carillon, pair)
    await carillon.delete(automation_id)
    await refused(await carillon.trigger(automation_id), NOT_TRIGGERABLE)


@pytest.mark.parametrize("scope", ["program", "participants"])
async def test_nor_is_a_completed_one(carillon: Carillon, scope: str) -> None:
    trigger = {"type": "one_time", "trigger_at": "2020-01-01T00:00:00Z"}
    created = await carillon.create(scope=scope, trigger=trigger)

    async def completed() -> bool:
        return bool((await carillon.get(created["id"]))["status"] == "completed")

    await eventually(completed)
    await refused(await carillon.trigger(created["id"]), NOT_TRIGGERABLE)


async def test_nor_is_one_whose_fan_out_is_in_progress(carillon: Carillon, stack: Stack) -> None:
    await add_many_people(stack.addresses.database_url, carillon.program_id, 3_000)
    created = await create(carillon, CRON, cohort_size=50)
    assert (await carillon.trigger(created["id"])).status_code == 200
    await refused(await carillon.trigger(created["id"]), NOT_TRIGGERABLE)
    await carillon.cancel(created["id"])


@pytest.mark.parametrize(("trigger_type", "scope"), INVALID_PAIRS)
async def test_a_pair_that_is_not_the_seeds_is_refused(
    carillon: Carillon, trigger_type: str, scope: str
) -> None:
    body = {"name": "n", "event_name": "e", "scope": scope, "trigger": TRIGGERS[trigger_type]}
    answer = await carillon.post(body)
    await refused(answer)
    assert answer.json()["details"]["field"] == "scope"


@pytest.mark.parametrize(("pair", "name", "value"), OUT_OF_PLACE, ids=str)
async def test_a_patch_of_another_trigger_types_field_is_refused(
    carillon: Carillon, pair: Pair, name: str, value: object
) -> None:
    automation_id = await idle(carillon, pair)
    before = await carillon.get(automation_id)
    answer = await carillon.patch(automation_id, **{name: value})
    await refused(answer)
    assert answer.json()["details"]["field"] == name
    assert await carillon.get(automation_id) == before


@pytest.mark.parametrize("status", sorted(SCRIP.enums["status"] - SCRIP.enums["patchable_status"]))
async def test_a_patch_sets_no_status_but_active_and_paused(carillon: Carillon, status: str) -> None:
    created = await create(carillon, CRON)
    answer = await carillon.patch(created["id"], status=status)
    await refused(answer)
    assert answer.json()["details"]["field"] == "status"


@pytest.mark.parametrize(
    "fixed",
    [
        {"scope": "program"},
        {"trigger": TRIGGERS["cron"]},
        {"trigger_type": "cron"},
        {"schedule_type": "CRON"},
        {"participant_id": "6f1c2a52-9a4e-4d3b-8c3f-0d7a54a3a1b7"},
        {"source": "rule_action"},
    ],
    ids=lambda fixed: next(iter(fixed)),
)
async def test_what_the_seed_does_not_let_change_is_refused(
    carillon: Carillon, fixed: dict[str, object]
) -> None:
    created = await create(carillon, CRON)
    await refused(await carillon.patch(created["id"], **fixed))


async def test_an_archived_automation_takes_no_change_and_no_cancellation(carillon: Carillon) -> None:
    created = await create(carillon, CRON)
    assert (await carillon.delete(created["id"])).status_code == 204
    for answer in (
        await carillon.patch(created["id"], status="active"),
        await carillon.patch(created["id"], name="another"),
        await carillon.cancel(created["id"]),
    ):
        await refused(answer)
    assert (await carillon.get(created["id"]))["status"] == "archived"


async def test_there_is_nothing_to_cancel_where_nothing_runs(carillon: Carillon) -> None:
    created = await create(carillon, CRON)
    await refused(await carillon.cancel(created["id"]))
