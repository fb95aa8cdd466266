"""Messages over HTTP: listed by what they belong to, counted, and masked for viewers."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.roles import Role
from store.database import Database
from store.tables import MessageClick
from tests.api.refusal import assert_refused
from tests.fixtures.in_process import secret_of_new_key
from tests.fixtures.kept_messages import keep_message

NOW = datetime.now(UTC)


async def keep(database: Database, program_id: UUID, **fields: Any) -> str:
    """A message as it stands in the record."""
    return str(await keep_message(database, program_id, **fields))


async def ids(api: httpx.AsyncClient, program_id: UUID, **params: Any) -> list[str]:
    answer = await api.get(f"/v1/programs/{program_id}/messages", params=params)
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "failed"),
        ("status", "sent"),
        ("channel", "sms"),
        ("participant_id", uuid4()),
        ("automation_id", uuid4()),
        ("run_id", uuid4()),
        ("rule_id", uuid4()),
        ("journey_id", "0a" * 12),
    ],
)
async def test_messages_are_listed_by_what_they_belong_to(
    api: httpx.AsyncClient, database: Database, program_id: UUID, name: str, value: object
) -> None:
    await keep(database, program_id, status="queued")
    wanted = await keep(database, program_id, **{name: value})
    await keep(database, uuid4(), **{name: value})
    assert await ids(api, program_id, **{name: str(value)}) == [wanted]
    counts = await api.get(f"/v1/programs/{program_id}/messages/counts", params={name: str(value)})
    assert counts.json()["total"] == 1


async def test_messages_are_paged_newest_first_and_within_a_period(
    api: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    made = [await keep(database, program_id, created_at=NOW - timedelta(hours=age)) for age in (1, 2, 3)]
    first = await api.get(f"/v1/programs/{program_id}/messages", params={"limit": 2})
    cursor = first.json()["pagination"]["next_cursor"]
    assert [row["id"] for row in first.json()["data"]] == made[:2]
    assert await ids(api, program_id, cursor=cursor) == made[2:]
    at = (NOW - timedelta(hours=2)).isoformat()
    assert await ids(api, program_id, created_from=at) == made[:2]
    assert await ids(api, program_id, created_to=at) == made[2:]


async def test_messages_are_found_by_how_their_address_begins(
    api: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    noor = await keep(database, program_id, recipient="Noor_1@example.com")
    await keep(database, program_id, recipient="noorx1@example.com")
    phone = await keep(database, program_id, recipient="+34612345678", channel="sms")
    assert await ids(api, program_id, recipient="noor_") == [noor]
    assert await ids(api, program_id, recipient="+346") == [phone]
    assert await ids(api, program_id, recipient="%") == []


async def test_a_viewer_sees_neither_address_nor_subject_nor_what_the_provider_said(
    api: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    said = {"recipient": "noor@example.com", "subject": "Dear Noor", "status": "failed"}
    failed = await keep(database, program_id, error="refused: 550 noor@example.com", **said)
    skipped = await keep(database, program_id, error="no_consent", **said | {"status": "skipped"})
    path = f"/v1/programs/{program_id}/messages"
    for role, whole in ((Role.VIEWER, False), (Role.AGENT, True)):
        headers = {"X-API-Key": await secret_of_new_key(database, role)}
        for id_, error in ((failed, None), (skipped, "no_consent")):
            listed = (await api.get(path, headers=headers)).json()["data"]
            shown = (await api.get(f"{path}/{id_}", headers=headers)).json()
            assert shown.pop("clicks") == []
            assert shown in listed
            if whole:
                assert (shown["recipient"], shown["subject"]) == ("noor@example.com", "Dear Noor")
            else:
                assert (shown["recipient"], shown["subject"]) == ("n***@example.com", None)
                assert shown["error"] == error
    viewer = {"X-API-Key": await secret_of_new_key(database, Role.VIEWER)}
    for place in (path, f"{path}/counts"):
        assert (await api.get(place, params={"recipient": "n"}, headers=viewer)).status_code == 403


async def test_counts_add_up_and_name_every_status(
    api: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    run = uuid4()
    for status in ("sent", "sent", "failed", "unknown"):
        await keep(database, program_id, run_id=run, status=status)
    await keep(database, program_id, status="sent", delivered_at=NOW, opened_at=NOW)
    path = f"/v1/programs/{program_id}/messages/counts"
    counts = (await api.get(path)).json()
    assert (counts["total"], counts["by_status"]["sent"], counts["by_status"]["queued"]) == (5, 3, 0)
    assert (counts["told"]["delivered"], counts["told"]["opened"], counts["told"]["clicked"]) == (1, 1, 0)
    of_run = (await api.get(path, params={"run_id": str(run)})).json()
    assert of_run["total"] == 4
    assert {status: n for status, n in of_run["by_status"].items() if n} == {
        "sent": 2,
        "failed": 1,
        "unknown": 1,
    }


async def test_a_filter_that_is_wrong_is_refused_by_its_name(
    api: httpx.AsyncClient, program_id: UUID
) -> None:
    path = f"/v1/programs/{program_id}/messages"
    for name, value in (("status", "gone"), ("channel", "pigeon"), ("run_id", "1"), ("created_from", "soon")):
        assert_refused(await api.get(path, params={name: value}), name)
    assert_refused(await api.get(path, params={"cursor": "x"}), "cursor")


async def test_a_message_of_another_program_is_not_found(
    api: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    elsewhere = await keep(database, uuid4())
    assert (await api.get(f"/v1/programs/{program_id}/messages/{elsewhere}")).status_code == 404


async def test_one_message_shows_the_links_that_were_followed_but_not_to_a_viewer(
    api: httpx.AsyncClient, database: Database, program_id: UUID
) -> None:
    message_id = UUID(await keep(database, program_id))
    async with database.transaction() as session:
        for url, age in (("https://b", 1), ("https://a", 2)):
            session.add(MessageClick(message_id=message_id, url=url, at=NOW - timedelta(hours=age)))
    path = f"/v1/programs/{program_id}/messages/{message_id}"
    assert [click["url"] for click in (await api.get(path)).json()["clicks"]] == ["https://a", "https://b"]
    viewer = {"X-API-Key": await secret_of_new_key(database, Role.VIEWER)}
    assert (await api.get(path, headers=viewer)).json()["clicks"] == []
