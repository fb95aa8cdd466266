"""Hints are for speed alone: right, wrong or absurd, they never change who is reached."""

from typing import Any

import pytest

from tests.fixtures.carillon import Carillon

FILTER = '"vip" in participant.tags && participant.counters.orders >= 2.0'
HINTS: dict[str, list[dict[str, Any]]] = {
    "true ones": [{"type": "has_tag", "key": "vip"}, {"type": "has_counter", "key": "orders"}],
    "a tag nobody has": [{"type": "has_tag", "key": "nobody"}],
    "an attribute nobody has": [{"type": "has_attribute", "key": "plan", "value": "gold"}],
    "hints that contradict each other": [{"type": "has_tag", "key": "a"}, {"type": "has_tag", "key": "b"}],
    "a kind nobody knows": [{"type": "is_lucky"}, {}],
}


@pytest.mark.parametrize("hints", HINTS.values(), ids=HINTS.keys())
async def test_filter_hints_never_change_a_result(carillon: Carillon, hints: list[dict[str, Any]]) -> None:
    matching = await carillon.add_people(2, tags=["vip"], counters={"orders": 2})
    await carillon.add_people(1, tags=["vip"], counters={"orders": 1})
    await carillon.add_people(1, counters={"orders": 9})
    automation = await carillon.create(participant_filter=FILTER, filter_hints=hints)
    assert automation["filter_hints"] == hints
    await carillon.trigger(automation["id"])
    run = await carillon.closed_run(automation["id"])
    reached = [row["participant_id"] for row in await carillon.outcomes(automation["id"], run["id"])]
    assert sorted(reached) == sorted(matching)
