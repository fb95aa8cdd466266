"""Alerts of a rule over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from store.database import Database
from store.tables import AutomationRule, RuleAlert
from tests.api.rules_surface import RulesSurface, assert_faults
from tests.store.alerting import add_rule

HOUR = timedelta(hours=1)


async def add_alert(database: Database, rule: AutomationRule, at: datetime, **fields: Any) -> RuleAlert:
    said = {"level": "critical", "reason": "failure_rate", "matched_runs": 40, "executed_runs": 10}
    alert = RuleAlert(
        program_id=rule.program_id, rule_id=rule.id, failure_rate_pct=75.0, opened_at=at, **(said | fields)
    )
    async with database.transaction() as session:
        session.add(alert)
    return alert


async def test_alerts_of_a_rule_are_listed_newest_first(
    api: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    rule, other = [await add_rule(database, program_id) for _ in range(2)]
    at = datetime(2026, 3, 8, 9, tzinfo=UTC)
    for opened_at in (at, at + HOUR):
        await add_alert(database, rule, opened_at, recovered_at=opened_at)
    open_ = await add_alert(database, rule, at + 2 * HOUR, last_notified_at=at + 2 * HOUR)
    await add_alert(database, other, at)
    surface = RulesSurface(api, str(program_id))
    path = f"/rules/{rule.id}/alerts"
    first = await surface.read(path, limit=2)
    assert first["items"][0] == {
        "id": str(open_.id),
        "rule_id": str(rule.id),
        "level": "critical",
        "reason": "failure_rate",
        "matched_runs": 40,
        "executed_runs": 10,
        "failure_rate_pct": 75.0,
        "opened_at": "2026-03-08T11:00:00Z",
        "recovered_at": None,
        "last_notified_at": "2026-03-08T11:00:00Z",
        "snoozed_until": None,
    }
    last = await surface.read(path, limit=2, cursor=first["next_cursor"])
    assert [alert["opened_at"][11:13] for alert in first["items"] + last["items"]] == ["11", "10", "09"]
    assert (last["next_cursor"], first["total"], last["total"]) == (None, 3, 3)
    assert_faults(await surface.call("GET", path, params={"cursor": "forged"}), "cursor")


async def test_an_address_that_no_mail_can_go_to_is_refused_when_it_is_saved(
    api: httpx.AsyncClient, program_id: UUID
) -> None:
    surface = RulesSurface(api, str(program_id))
    wrong = {"channels": [{"type": "email", "to": "Ana <ana@example.com>"}]}
    rule = {"name": "Greet", "trigger_type": "signed_up", "alert_settings": wrong}
    assert_faults(await surface.post("/rules", rule), "alert_settings.channels.0.to")
    assert await surface.read("/rules") == []
    made = await surface.create()
    answer = await surface.patch(f"/rules/{made['id']}/alert-settings", {"alert_settings": wrong})
    assert_faults(answer, "alert_settings.channels.0.to")
    assert (await surface.read(f"/rules/{made['id']}"))["alert_settings"] is None
