"""Webhooks over HTTP: made, listed without their secrets, changed, tested, sent again, removed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.roles import Role
from store.database import Database
from tests.api.refusal import assert_refused
from tests.fixtures.carillon import Carillon, eventually
from tests.fixtures.in_process import api_in_process, secret_of_new_key
from tests.fixtures.webhook_receiver import WebhookReceiver, reply, webhook_receiver

SOMEWHERE = "https://receiver.example/hook"


@pytest.fixture
async def receiver() -> AsyncIterator[WebhookReceiver]:
    async with webhook_receiver() as receiver:
        yield receiver


async def make(carillon: Carillon, **fields: Any) -> httpx.Response:
    return await carillon.http.post(f"{carillon.base}/webhooks", json={"url": SOMEWHERE} | fields)


async def made(carillon: Carillon, **fields: Any) -> dict[str, Any]:
    answer = await make(carillon, **fields)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def path_of(carillon: Carillon, webhook: dict[str, Any]) -> str:
    return f"{carillon.base}/webhooks/{webhook['id']}"


async def read(carillon: Carillon, webhook: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await carillon.http.get(path_of(carillon, webhook))).json()
    return found


async def deliveries(carillon: Carillon, webhook: dict[str, Any], **params: str) -> list[dict[str, Any]]:
    answer = await carillon.http.get(f"{path_of(carillon, webhook)}/deliveries", params=params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


async def settled(carillon: Carillon, webhook: dict[str, Any]) -> dict[str, Any]:
    """The one delivery of the webhook, once an attempt at it has been made."""

    async def look() -> dict[str, Any] | None:
        (delivery,) = await deliveries(carillon, webhook)
        return delivery if delivery["attempts"] else None

    found: dict[str, Any] = await eventually(look)
    return found


async def test_a_webhook_is_told_everything_unless_it_says_what(carillon: Carillon) -> None:
    webhook = await made(carillon, description="CRM")
    assert webhook["secret"].startswith("whsec_")
    assert {name: webhook[name] for name in ("url", "event_types", "description", "enabled")} == {
        "url": SOMEWHERE,
        "event_types": [],
        "description": "CRM",
        "enabled": True,
    }
    assert webhook["disabled_reason"] is webhook["failing_since"] is webhook["previous_secret_until"] is None
    some = await made(carillon, event_types=["run.failed", "run.completed", "run.failed"])
    assert some["event_types"] == ["run.completed", "run.failed"]


async def test_the_secret_is_shown_once(carillon: Carillon) -> None:
    webhook = await made(carillon)
    listed = await carillon.http.get(f"{carillon.base}/webhooks")
    assert [row["id"] for row in listed.json()["data"]] == [webhook["id"]]
    for answer in (listed, await carillon.http.get(path_of(carillon, webhook))):
        assert "whsec_" not in answer.text
        assert "secret" not in (answer.json().get("data") or [answer.json()])[0]


async def test_a_repeated_request_makes_one_webhook_and_shows_no_secret_again(carillon: Carillon) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first, second = [
        await carillon.http.post(f"{carillon.base}/webhooks", json={"url": SOMEWHERE}, headers=headers)
        for _ in range(2)
    ]
    assert first.json()["id"] == second.json()["id"]
    assert second.json()["secret"] is None


async def test_webhooks_are_paged_newest_first(carillon: Carillon) -> None:
    older, newer = (await made(carillon))["id"], (await made(carillon))["id"]
    path = f"{carillon.base}/webhooks"
    first = (await carillon.http.get(path, params={"limit": 1})).json()
    cursor = first["pagination"]["next_cursor"]
    second = (await carillon.http.get(path, params={"limit": 1, "cursor": cursor})).json()
    assert [row["id"] for page in (first, second) for row in page["data"]] == [newer, older]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": None}, "url"),
        ({"url": ""}, "url"),
        ({"url": "receiver.example"}, "url"),
        ({"url": "ftp://receiver.example/"}, "url"),
        ({"url": "https://user:password@receiver.example/"}, "url"),
        ({"url": "https://receiver.example/#here"}, "url"),
        ({"url": "https://169.254.169.254/latest/meta-data"}, "url"),
        ({"url": "https://2130706433/"}, "url"),
        ({"url": "https://receiver.example/" + "x" * 3_000}, "url"),
        ({"event_types": ["run.exploded"]}, "event_types.0"),
        ({"event_types": ["webhook.test"]}, "event_types"),
        ({"event_types": "run.failed"}, "event_types"),
        ({"description": "nul \0"}, "description"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
async def test_a_request_that_is_wrong_names_its_field(
    carillon: Carillon, fields: dict[str, Any], field: str
) -> None:
    assert_refused(await make(carillon, **fields), field)


async def test_a_patch_that_is_wrong_names_its_field_and_changes_nothing(carillon: Carillon) -> None:
    webhook = await made(carillon)
    before = await read(carillon, webhook)
    for wrong, field in (
        ({"url": "https://10.0.0.1.:99999/"}, "url"),
        ({"url": None}, "url"),
        ({"event_types": None}, "event_types"),
        ({"enabled": None}, "enabled"),
        ({"description": "x" * 256}, "description"),
        ({"id": str(uuid4())}, "id"),
    ):
        answer = await carillon.http.patch(path_of(carillon, webhook), json={"description": "n"} | wrong)
        assert_refused(answer, field)
    assert await read(carillon, webhook) == before


async def test_by_default_neither_plain_http_nor_this_machine_is_accepted(
    database: Database, database_url: str
) -> None:
    secret = await secret_of_new_key(database, Role.ADMIN)
    async with api_in_process(database_url) as http:
        http.headers["X-API-Key"] = secret
        program = (await http.post("/v1/programs", json={"name": "Strict"})).json()["id"]
        path = f"/v1/programs/{program}/webhooks"
        for url in (
            "http://receiver.example/",
            *("https://localhost/", "https://127.0.0.1/", "https://[::1]/", "https://10.0.0.1/"),
            *("https://0x7f.1/", "https://127.1/", "https://[::ffff:127.0.0.1]/", "https://１２７.0.0.1/"),
        ):
            assert_refused(await http.post(path, json={"url": url}), "url")
        assert (await http.post(path, json={"url": SOMEWHERE})).status_code == 201


async def test_only_the_fields_sent_are_changed(carillon: Carillon) -> None:
    webhook = await made(carillon, description="CRM", event_types=["run.failed"])
    path = path_of(carillon, webhook)
    changed = (await carillon.http.patch(path, json={"url": "https://other.example/"})).json()
    assert (changed["url"], changed["description"], changed["event_types"]) == (
        "https://other.example/",
        "CRM",
        ["run.failed"],
    )
    cleared = (await carillon.http.patch(path, json={"description": None, "event_types": []})).json()
    assert (cleared["description"], cleared["event_types"]) == (None, [])
    assert await read(carillon, webhook) == cleared


async def test_a_program_has_twenty_webhooks_at_most(carillon: Carillon) -> None:
    for _ in range(20):
        await made(carillon)
    assert (await make(carillon)).status_code == 409


async def test_a_removed_webhook_is_gone_with_its_deliveries(carillon: Carillon) -> None:
    webhook = await made(carillon)
    await carillon.http.post(f"{path_of(carillon, webhook)}/test")
    assert (await carillon.http.delete(path_of(carillon, webhook))).status_code == 204
    for path in ("", "/deliveries"):
        assert (await carillon.http.get(path_of(carillon, webhook) + path)).status_code == 404


async def test_a_test_arrives_signed(carillon: Carillon, receiver: WebhookReceiver) -> None:
    webhook = await made(carillon, url=receiver.url, event_types=["run.failed"])
    answer = await carillon.http.post(f"{path_of(carillon, webhook)}/test")
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    await receiver.until("webhook.test")
    message = receiver.received[0].verified(webhook["secret"])
    assert message["id"] == answer.json()["message_id"]
    assert message["data"] == {"program_id": carillon.program_id, "webhook_id": webhook["id"]}
    delivery = await settled(carillon, webhook)
    assert (delivery["status"], delivery["last_response_status"]) == ("delivered", 200)


async def test_after_a_rotation_messages_are_signed_with_both_secrets(
    carillon: Carillon, receiver: WebhookReceiver
) -> None:
    webhook = await made(carillon, url=receiver.url)
    answer = await carillon.http.post(f"{path_of(carillon, webhook)}/rotate-secret")
    rotated = answer.json()
    assert answer.status_code == 200
    assert rotated["secret"] != webhook["secret"]
    until = datetime.fromisoformat(rotated["previous_secret_until"])
    assert timedelta(hours=23) < until - datetime.now(UTC) <= timedelta(hours=24)
    await carillon.http.post(f"{path_of(carillon, webhook)}/test")
    await receiver.until("webhook.test")
    (received,) = receiver.received
    assert received.verified(webhook["secret"]) == received.verified(rotated["secret"])


async def test_a_delivery_says_how_it_went_and_can_be_sent_again(
    carillon: Carillon, receiver: WebhookReceiver
) -> None:
    webhook = await made(carillon, url=receiver.url)
    receiver.replies.append(reply(500, b"out of order"))
    await carillon.http.post(f"{path_of(carillon, webhook)}/test")
    failed = await settled(carillon, webhook)
    assert (failed["status"], failed["last_response_status"]) == ("failed", 500)
    assert failed["last_response_excerpt"] == "out of order"
    path = f"{path_of(carillon, webhook)}/deliveries/{failed['id']}/redeliver"
    assert (await carillon.http.post(path)).json()["status"] == "pending"
    await receiver.until_count(2)
    first, second = receiver.received
    assert first.message_id == second.message_id == failed["message_id"]

    async def arrived() -> bool:
        return [row["status"] for row in await deliveries(carillon, webhook)] == ["delivered"]

    await eventually(arrived)


async def test_deliveries_are_filtered(carillon: Carillon, receiver: WebhookReceiver) -> None:
    webhook = await made(carillon, url=receiver.url)
    await carillon.http.post(f"{path_of(carillon, webhook)}/test")
    await settled(carillon, webhook)
    assert len(await deliveries(carillon, webhook, status="delivered", type="webhook.test")) == 1
    assert await deliveries(carillon, webhook, status="failed") == []
    assert await deliveries(carillon, webhook, type="run.failed") == []
    answer = await carillon.http.get(f"{path_of(carillon, webhook)}/deliveries", params={"status": "lost"})
    assert_refused(answer, "status")


async def test_an_endpoint_that_is_switched_off_is_not_tested_and_gets_nothing(
    carillon: Carillon, receiver: WebhookReceiver
) -> None:
    webhook = await made(carillon, url=receiver.url, enabled=False)
    assert (await carillon.http.post(f"{path_of(carillon, webhook)}/test")).status_code == 409
    await carillon.create()
    assert await deliveries(carillon, webhook) == []


async def test_switching_it_on_again_forgives_and_sends_what_waited(
    carillon: Carillon, receiver: WebhookReceiver
) -> None:
    webhook = await made(carillon, url=receiver.url)
    receiver.replies.append(reply(410))
    await carillon.create()

    async def off() -> dict[str, Any] | None:
        shown = await read(carillon, webhook)
        return None if shown["enabled"] else shown

    gone = await eventually(off)
    assert gone["disabled_reason"] == "gone"
    (failed,) = await deliveries(carillon, webhook)
    path = f"{path_of(carillon, webhook)}/deliveries/{failed['id']}/redeliver"
    assert (await carillon.http.post(path)).status_code == 409
    on = (await carillon.http.patch(path_of(carillon, webhook), json={"enabled": True})).json()
    assert (on["enabled"], on["disabled_reason"], on["failing_since"]) == (True, None, None)
    assert (await carillon.http.post(path)).status_code == 202
    await receiver.until_count(2)
    assert receiver.received[0].message_id == receiver.received[1].message_id
