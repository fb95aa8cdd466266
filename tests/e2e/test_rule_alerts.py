"""Failures of a rule reach the people and webhooks that are to know: once, and once more when they are over."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from cli.stack import Stack
from store.database import Database
from store.tables import AutomationRule
from tests.api.rules_surface import RulesSurface
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.queued_messages import record_of
from tests.fixtures.webhook_receiver import WebhookReceiver, webhook_receiver
from tests.store.alerting import failed


@pytest.fixture
async def record(stack: Stack) -> AsyncIterator[Database]:
    async with record_of(stack) as database:
        yield database


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver() as receiver:
        yield receiver


def watched(name: str, *channels: dict[str, str], **settings: Any) -> dict[str, Any]:
    said = {"min_matched_runs": 10, "channels": channels, "cooldown_secs": 0} | settings
    return {"name": name, "trigger_type": "purchase", "alert_settings": said}


async def failing(record: Database, rule: dict[str, Any], runs: int, out_of: int) -> None:
    async with record.transaction() as session:
        stored = await session.get_one(AutomationRule, UUID(rule["id"]))
    await failed(record, stored, datetime.now(UTC), runs, out_of)


async def subjects(carillon: Carillon, recipient: str, count: int) -> list[str]:
    """Of the recipient's mails, once there are so many."""

    async def look() -> list[dict[str, Any]] | None:
        mails = await carillon.inbox(recipient)
        return mails if len(mails) >= count else None

    mails = await eventually(look, 60)
    return sorted(mail["subject"] for mail in mails)


async def test_an_alert_and_its_end_are_told_once_and_a_critical_rule_is_snoozed(
    carillon: Carillon, record: Database, receiver: WebhookReceiver
) -> None:
    surface = RulesSurface(carillon.http, carillon.program_id)
    hook = await carillon.http.post(f"{carillon.base}/webhooks", json={"url": receiver.url})
    webhook = {"type": "webhook", "webhook_id": hook.json()["id"]}
    on_call, others = (f"{uuid4()}@example.com" for _ in range(2))
    rule = await surface.create(
        **watched("Welcome", {"type": "email", "to": on_call}, webhook, auto_snooze_secs=3_600)
    )
    other = await surface.create(**watched("Thanks", {"type": "email", "to": others}))

    await failing(record, rule, 9, out_of=10)
    assert await subjects(carillon, on_call, 1) == ['Rule "Welcome" is critical']
    snoozed = await surface.read(f"/rules/{rule['id']}")
    assert datetime.fromisoformat(snoozed["snoozed_until"]) > datetime.now(UTC)
    assert (await surface.read(f"/rules/{rule['id']}/effective-state"))["is_snoozed"]
    (told,) = await surface.read("/stats/alerts")
    assert (told["rule_id"], told["alert_level"], told["failure_rate_pct"]) == (rule["id"], "critical", 90.0)

    # Upkeep has looked at the first rule once more when it tells of the second.
    await failing(record, other, 3, out_of=10)
    assert await subjects(carillon, others, 1) == ['Rule "Thanks" is at warning level']
    await failing(record, rule, 9, out_of=1_000)
    assert await subjects(carillon, on_call, 2) == [
        'Rule "Welcome" has recovered',
        'Rule "Welcome" is critical',
    ]
    await receiver.until("rule.alerted", "rule.recovered")
    about = [one.message for one in receiver.received if one.message["data"].get("rule_id") == rule["id"]]
    assert [(message["type"], message["data"]["alert_level"]) for message in about] == [
        ("rule.alerted", "critical"),
        ("rule.recovered", "ok"),
    ]
    listed = await surface.read(f"/rules/{rule['id']}/alerts")
    (alert,) = listed["items"]
    assert (listed["total"], alert["level"], alert["failure_rate_pct"]) == (1, "critical", 90.0)
    assert alert["recovered_at"] is not None
    assert alert["snoozed_until"] == snoozed["snoozed_until"]
