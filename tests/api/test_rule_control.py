"""The pause of all rules of a program over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from store.database import Database
from store.rule_control import lock_control
from tests.api.rules_surface import RulesSurface, assert_faults

SHOWN = {"singleton", "is_paused", "updated_at", "pause_reason", "paused_until", "updated_by"}


def in_(**length: int) -> str:
    return (datetime.now(UTC) + timedelta(**length)).isoformat()


async def change(rules: RulesSurface, **body: Any) -> dict[str, Any]:
    answer = await rules.patch("/control", body)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()
    assert await rules.read("/control") == changed
    return changed


async def test_the_rules_of_a_new_program_are_not_paused(rules: RulesSurface, api: httpx.AsyncClient) -> None:
    program = (await api.get(f"/v1/programs/{rules.program_id}")).json()
    assert await rules.read("/control") == {
        "singleton": True,
        "is_paused": False,
        "updated_at": program["created_at"],
        "pause_reason": None,
        "paused_until": None,
        "updated_by": None,
    }


async def test_a_pause_is_kept_with_its_reason_its_end_and_who_made_it(rules: RulesSurface) -> None:
    until = in_(hours=1)
    control = await change(rules, is_paused=True, pause_reason="closed", paused_until=until)
    assert set(control) == SHOWN
    assert (control["is_paused"], control["pause_reason"]) == (True, "closed")
    assert datetime.fromisoformat(control["paused_until"]) == datetime.fromisoformat(until)
    assert control["updated_by"] == "in process"


async def test_going_on_clears_the_reason_and_the_end(rules: RulesSurface) -> None:
    paused = await change(rules, is_paused=True, pause_reason="closed", paused_until=in_(hours=1))
    control = await change(rules, is_paused=False)
    assert (control["is_paused"], control["pause_reason"], control["paused_until"]) == (False, None, None)
    assert control["updated_at"] > paused["updated_at"]


async def test_only_what_is_sent_changes(rules: RulesSurface) -> None:
    first = await change(rules, is_paused=True, pause_reason="closed", paused_until=in_(hours=1))
    second = await change(rules, pause_reason="flooded")
    assert second["paused_until"] == first["paused_until"]
    third = await change(rules, paused_until=None)
    assert (third["is_paused"], third["pause_reason"], third["paused_until"]) == (True, "flooded", None)
    fourth = await change(rules, is_paused=True, paused_until=in_(hours=2))
    assert fourth["pause_reason"] == "flooded"
    assert await change(rules) == fourth


async def test_a_pause_whose_end_has_come_is_over_and_leaves_nothing_to_the_next(
    rules: RulesSurface, database: Database
) -> None:
    await change(rules, is_paused=True, pause_reason="closed", paused_until=in_(hours=1))
    async with database.transaction() as session:
        control = await lock_control(session, UUID(rules.program_id), "the clock")
        control.paused_until = datetime.now(UTC) - timedelta(seconds=1)
    assert (await rules.read("/control"))["is_paused"] is False
    assert_faults(await rules.patch("/control", {"pause_reason": "still closed"}), "pause_reason")
    again = await change(rules, is_paused=True)
    assert (again["is_paused"], again["pause_reason"], again["paused_until"]) == (True, None, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"is_paused": None}, "is_paused"),
        ({"is_paused": "yes"}, "is_paused"),
        ({"is_paused": 1}, "is_paused"),
        ({"paused_until": in_(hours=1)}, "paused_until"),
        ({"is_paused": False, "paused_until": in_(hours=1)}, "paused_until"),
        ({"is_paused": True, "paused_until": in_(hours=-1)}, "paused_until"),
        ({"is_paused": True, "paused_until": "9999-12-31T23:59:59-14:00"}, "paused_until"),
        ({"is_paused": True, "paused_until": "soon"}, "paused_until"),
        ({"is_paused": True, "pause_reason": "\0"}, "pause_reason"),
        ({"is_paused": True, "pause_reason": "x" * 8_193}, "pause_reason"),
        ({"is_paused": False, "pause_reason": "x"}, "pause_reason"),
        ({"pause_reason": "x"}, "pause_reason"),
        ({"singleton": True}, "singleton"),
    ],
)
async def test_a_change_that_is_wrong_is_refused_and_changes_nothing(
    rules: RulesSurface, body: dict[str, Any], field: str
) -> None:
    before = await rules.read("/control")
    assert_faults(await rules.patch("/control", body), field)
    assert await rules.read("/control") == before


async def test_the_pause_of_one_program_is_none_of_another(
    rules: RulesSurface, api: httpx.AsyncClient
) -> None:
    elsewhere = await RulesSurface.of_new_program(api)
    await change(rules, is_paused=True)
    assert (await elsewhere.read("/control"))["is_paused"] is False


async def test_first_changes_at_the_same_time_leave_one_state(rules: RulesSurface) -> None:
    reasons = [f"reason {number}" for number in range(6)]
    answers = await asyncio.gather(
        *(rules.patch("/control", {"is_paused": True, "pause_reason": reason}) for reason in reasons)
    )
    assert {answer.status_code for answer in answers} == {200}
    assert (await rules.read("/control"))["pause_reason"] in reasons
