"""The gates at send time, over HTTP and real SMTP: who gets a mail, who does not, and what the record says of it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fixtures.carillon import Carillon, eventually

MAIL = {"type": "send_message", "channel": "email", "subject": "Hello", "body": "Hello"}
CONSENT = {"email": "subscribed"}
CAP = {"frequency_caps": [{"messages": 1, "hours": 24}]}


def quiet_now() -> dict[str, Any]:
    """From an hour ago until in two hours, in UTC."""
    now = datetime.now(UTC)
    return {
        "quiet_hours": {
            "start": f"{now - timedelta(hours=1):%H:%M}",
            "end": f"{now + timedelta(hours=2):%H:%M}",
        }
    }


async def set_sending(carillon: Carillon, sending: dict[str, Any]) -> None:
    answer = await carillon.http.patch(carillon.base, json={"settings": {"sending": sending}})
    assert answer.status_code == 200, answer.text


async def ran(carillon: Carillon, **policy: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """An automation that mails everybody, and its run."""
    action = MAIL | ({"sending": policy} if policy else {})
    automation = await carillon.create(trigger={"type": "immediate"}, action=action)
    return automation, await carillon.closed_run(automation["id"])


async def message_of(carillon: Carillon, run: dict[str, Any]) -> dict[str, Any]:
    answer = await carillon.http.get(f"{carillon.base}/messages", params={"run_id": run["id"]})
    answer.raise_for_status()
    (message,) = answer.json()["data"]
    found: dict[str, Any] = message
    return found


async def run_of(carillon: Carillon, run: dict[str, Any]) -> dict[str, Any]:
    answer = await carillon.http.get(f"{carillon.base}/automations/{run['automation_id']}/runs/{run['id']}")
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def settled(carillon: Carillon, run: dict[str, Any]) -> Callable[[], Awaitable[dict[str, Any] | None]]:
    async def look() -> dict[str, Any] | None:
        shown = await run_of(carillon, run)
        return shown if shown["counts"]["deferred"] == 0 else None

    return look


async def test_a_cap_lets_one_mail_through_and_the_explanation_says_which_gate_kept_the_other(
    carillon: Carillon,
) -> None:
    await set_sending(carillon, CAP)
    (person,) = await carillon.add_people(1, email="own", consent=CONSENT)
    _, first = await ran(carillon)
    automation, second = await ran(carillon)
    assert first["counts"]["sent"] == 1
    assert second["counts"]["skipped"] == {"frequency_cap": 1}
    mailed = await message_of(carillon, first)
    assert len(await carillon.inbox(mailed["recipient"])) == 1
    answer = await carillon.http.get(
        f"{carillon.base}/automations/{automation['id']}/runs/{second['id']}/participants/{person}/explain"
    )
    gates = {gate["gate"]: gate for gate in answer.json()["gates"]}
    assert list(gates) == [
        "filter",
        "status",
        "consent",
        "address",
        "suppression",
        "holdout",
        "quiet_hours",
        "recently_contacted",
        "frequency_cap",
    ]
    assert [gate["open"] for gate in gates.values()] == [True] * 8 + [False]
    assert gates["frequency_cap"]["inputs"] == {
        "caps": [{"messages": 1, "hours": 24, "channel": None}],
        "priority": 0,
    }
    _, receipt = await ran(carillon, transactional=True)
    assert receipt["counts"]["sent"] == 1


async def test_people_who_share_an_address_get_one_mail_where_an_action_says_so(carillon: Carillon) -> None:
    shared = "family@example.com"
    people = await carillon.add_people(3, email=shared, consent=CONSENT)
    automation, run = await ran(carillon, once_per_address=True)
    assert (run["counts"]["sent"], run["counts"]["skipped"]) == (1, {"duplicate_address": 2})
    assert len(await carillon.inbox(shared)) == 1
    base = f"{carillon.base}/automations/{automation['id']}/runs/{run['id']}/participants"
    last = [(await carillon.http.get(f"{base}/{person}/explain")).json()["gates"][-1] for person in people]
    assert {gate["gate"] for gate in last} == {"once_per_address"}
    assert sorted(gate["open"] for gate in last) == [False, False, True]
    _, again = await ran(carillon)
    assert again["counts"]["sent"] == 3


async def test_a_suppressed_address_gets_no_mail(carillon: Carillon) -> None:
    await carillon.add_people(1, email="barred@example.com", consent=CONSENT)
    answer = await carillon.http.post(
        f"{carillon.base}/suppressions", json={"channel": "email", "address": "Barred@example.com"}
    )
    assert answer.status_code == 201, answer.text
    _, run = await ran(carillon)
    assert run["counts"]["skipped"] == {"suppressed": 1}
    assert await carillon.inbox("barred@example.com") == []


async def test_a_mail_waits_out_quiet_hours_while_its_run_completes(carillon: Carillon) -> None:
    await set_sending(carillon, quiet_now())
    await carillon.add_people(1, email="own", consent=CONSENT, timezone="UTC")
    _, run = await ran(carillon)
    assert run["status"] == "completed"
    assert (run["counts"]["pending"], run["counts"]["deferred"], run["participants_processed"]) == (1, 1, 0)
    message = await message_of(carillon, run)
    assert (message["status"], message["error"]) == ("queued", "quiet_hours")
    assert datetime.fromisoformat(message["available_at"]) > datetime.now(UTC) + timedelta(hours=1)
    assert await carillon.inbox(message["recipient"]) == []

    answer = await carillon.http.post(
        f"{carillon.base}/automations/{run['automation_id']}/runs/{run['id']}/withdraw"
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["counts"]["skipped"]) == ("cancelled", {"cancelled": 1})
    assert (await message_of(carillon, run))["status"] == "cancelled"


async def test_an_automation_that_is_archived_takes_back_what_waits(carillon: Carillon) -> None:
    await set_sending(carillon, quiet_now())
    await carillon.add_people(1, email="own", consent=CONSENT, timezone="UTC")
    automation, run = await ran(carillon)
    assert (await carillon.delete(automation["id"])).status_code == 204
    shown = await eventually(settled(carillon, run))
    assert (shown["status"], shown["counts"]["skipped"]) == ("cancelled", {"cancelled": 1})


async def test_rules_of_sending_that_cannot_be_used_are_refused_by_their_field(carillon: Carillon) -> None:
    bad = {"sending": {"frequency_caps": [{"messages": 1, "hours": 0}]}}
    answer = await carillon.http.patch(carillon.base, json={"settings": bad})
    assert answer.status_code == 400
    assert answer.json()["details"]["field"] == "settings.sending.frequency_caps.0.hours"
    refused = await carillon.post(
        {
            "name": "Too urgent",
            "event_name": "hello",
            "scope": "participants",
            "trigger": {"type": "immediate"},
            "action": MAIL | {"sending": {"priority": 5_000}},
        }
    )
    assert refused.status_code == 400
    assert refused.json()["details"]["field"].endswith("action.sending.priority")


async def test_automations_that_run_at_once_send_each_person_no_more_than_the_cap(
    carillon: Carillon,
) -> None:
    await set_sending(carillon, CAP)
    await carillon.add_people(30, email="own", consent=CONSENT)
    automations = await asyncio.gather(
        *(carillon.create(trigger={"type": "immediate"}, action=MAIL) for _ in range(3))
    )
    runs = [await carillon.closed_run(automation["id"]) for automation in automations]
    assert sum(run["counts"]["sent"] for run in runs) == 30
    assert sum(run["counts"]["skipped"].get("frequency_cap", 0) for run in runs) == 60
    answer = await carillon.http.get(f"{carillon.base}/messages", params={"status": "sent", "limit": 100})
    recipients = [message["recipient"] for message in answer.json()["data"]]
    assert len(set(recipients)) == len(recipients) == 30
    assert {len(await carillon.inbox(recipient)) for recipient in recipients} == {1}
