"""Rules on the whole stack: from a client's event to what it sets going."""

from typing import Any

import httpx

from tests.fixtures.carillon import Carillon, eventually

MAIL = {
    "type": "send_message",
    "channel": "email",
    "subject": "Thank you, {{ participant.first_name }}",
    "body": "for {{ event.amount }}",
}


def of(carillon: Carillon) -> dict[str, str]:
    return {"X-Program-Id": carillon.program_id}


async def add_rule(carillon: Carillon, *actions: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"name": "a rule", "trigger_type": "purchase", "actions": list(actions), **fields}
    answer = await carillon.http.post("/v1/automation/rules", json=body, headers=of(carillon))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def send(carillon: Carillon, external_id: str, **data: Any) -> str:
    body = {
        "program_id": carillon.program_id,
        "external_id": external_id,
        "event_data": {"type": "purchase", **data},
    }
    answer = await carillon.http.post("/v1/events", json=body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


async def once_processed(carillon: Carillon, event_id: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        shown = (await carillon.http.get(f"/v1/automation/events/{event_id}", headers=of(carillon))).json()
        return shown if shown["status"] in ("processed", "failed") else None

    found: dict[str, Any] = await eventually(look)
    return found


async def add_ana(carillon: Carillon, **fields: Any) -> str:
    body = {
        "external_id": "ana",
        "first_name": "Ana",
        "email": f"ana@{carillon.program_id}.example.com",
        "consent": {"email": "subscribed"},
        **fields,
    }
    answer = await carillon.http.post(f"{carillon.base}/participants", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def participant(carillon: Carillon, participant_id: str) -> dict[str, Any]:
    answer = await carillon.http.get(f"{carillon.base}/participants/{participant_id}")
    shown: dict[str, Any] = answer.raise_for_status().json()
    return shown


async def test_an_event_changes_its_participant_and_the_run_says_why(carillon: Carillon) -> None:
    ana = await add_ana(carillon)
    rule = await add_rule(
        carillon,
        {"type": "add_tag", "tag": "big spender"},
        {"type": "counter", "name": "purchases"},
        conditions={"all": [{"field": "event.amount", "operator": "gte", "value": 100}]},
    )
    small, large = await send(carillon, "ana", amount=5), await send(carillon, "ana", amount=100)
    assert (await once_processed(carillon, large))["status"] == "processed"
    shown = await participant(carillon, ana)
    assert (shown["tags"], shown["counters"]) == (["big spender"], {"purchases": 1})
    answer = await carillon.http.get(f"/v1/automation/runs/rule/{rule['id']}", headers=of(carillon))
    runs = {run["event_id"]: run for run in answer.raise_for_status().json()["items"]}
    assert (runs[small]["matched"], runs[small]["stopped_by"]) == (False, "conditions")
    assert (runs[large]["matched"], runs[large]["executed"], runs[large]["contact_id"]) == (True, True, ana)
    history = await carillon.http.get(f"{carillon.base}/participants/{ana}/state-history")
    assert {entry["source"] for entry in history.raise_for_status().json()["data"]} == {f"rule:{rule['id']}"}


async def test_a_rules_message_reaches_the_mailbox_once(carillon: Carillon) -> None:
    await add_ana(carillon)
    await add_rule(carillon, MAIL)
    await send(carillon, "ana", amount=42)
    address = f"ana@{carillon.program_id}.example.com"

    async def mailed() -> list[dict[str, Any]]:
        async with httpx.AsyncClient(base_url=carillon.inbox_url) as inbox:
            answer = await inbox.get("/api/messages", params={"to": address})
            return list(answer.raise_for_status().json())

    (mail,) = await eventually(mailed)
    assert mail["subject"] == "Thank you, Ana"


async def test_a_rule_sets_automations_going_that_say_where_they_come_from(carillon: Carillon) -> None:
    ana = await add_ana(carillon)
    await add_rule(
        carillon,
        {"type": "schedule_event", "event_name": "remind", "delay_seconds": 1},
        {"type": "broadcast", "event_name": "news", "participant_filter": "participant.has_email"},
    )
    await send(carillon, "ana")

    async def done() -> dict[str, dict[str, Any]] | None:
        answer = await carillon.http.get(f"{carillon.base}/automations", params={"source": "rule_action"})
        made = {one["event_name"]: one for one in answer.raise_for_status().json()["data"]}
        over = made.keys() == {"remind", "news"} and (
            made["remind"]["processed_at"] and made["news"]["execution_status"] == "completed"
        )
        return made if over else None

    made = await eventually(done)
    assert (made["remind"]["trigger_type"], made["news"]["trigger_type"]) == ("one_time", "immediate")
    answer = await carillon.http.get("/v1/events", params={"program_id": carillon.program_id})
    people = {one["type"]: one["participant_id"] for one in answer.raise_for_status().json()["data"]}
    assert (people["remind"], people["news"]) == (ana, ana)


async def test_an_automation_that_a_rule_made_does_not_set_the_rule_going_again(carillon: Carillon) -> None:
    await add_ana(carillon)
    await add_rule(carillon, {"type": "schedule_event", "event_name": "purchase", "delay_seconds": 1})
    first = await send(carillon, "ana")

    async def consequence() -> dict[str, Any] | None:
        answer = await carillon.http.get(
            "/v1/automation/events", params={"source": "automation"}, headers=of(carillon)
        )
        return next((one for one in answer.raise_for_status().json()["items"] if one["processed_at"]), None)

    caused = await eventually(consequence)
    assert caused["causation_id"] == first
    answer = await carillon.http.get(f"/v1/automation/runs/event/{caused['id']}", headers=of(carillon))
    assert [run["stopped_by"] for run in answer.raise_for_status().json()["items"]] == ["loop"]


async def test_a_pause_holds_events_and_resuming_drains_them_in_order(carillon: Carillon) -> None:
    ana = await add_ana(carillon)
    await add_rule(
        carillon, {"type": "set_attribute", "name": "first", "value": True}, conditions="event.n == 0"
    )
    await add_rule(
        carillon,
        {"type": "counter", "name": "later"},
        conditions="participant.attributes.first && event.n > 0",
    )
    pausing = {"is_paused": True, "pause_reason": "an incident"}
    paused = await carillon.http.patch("/v1/automation/control", json=pausing, headers=of(carillon))
    assert paused.status_code == 200, paused.text
    sent = [await send(carillon, "ana", n=n) for n in range(5)]
    other = await Carillon.with_new_program(carillon.http, carillon.inbox_url)
    await once_processed(other, await send(other, "ben"))
    waiting = await carillon.http.get(f"/v1/automation/events/{sent[0]}", headers=of(carillon))
    assert waiting.json()["status"] == "pending"
    resumed = await carillon.http.patch(
        "/v1/automation/control", json={"is_paused": False}, headers=of(carillon)
    )
    assert resumed.status_code == 200, resumed.text
    await once_processed(carillon, sent[-1])
    assert (await participant(carillon, ana))["counters"] == {"later": 4}


async def test_a_change_of_a_participant_is_an_event_where_a_rule_listens(carillon: Carillon) -> None:
    ana = await add_ana(carillon)
    await add_rule(
        carillon,
        {"type": "add_tag", "tag": "moved"},
        trigger_type="participant.updated",
        conditions='"attributes.city" in event.changed',
    )
    path = f"{carillon.base}/participants/{ana}"
    (await carillon.http.patch(path, json={"attributes": {"city": "Leeds"}})).raise_for_status()

    async def tagged() -> bool:
        return (await participant(carillon, ana))["tags"] == ["moved"]

    assert await eventually(tagged)
