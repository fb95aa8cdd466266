"""Suppressions over HTTP: added, found, masked, lifted."""

from uuid import UUID, uuid4

import httpx
import pytest

from domain.roles import Role
from store.database import Database
from tests.api.refusal import assert_refused
from tests.fixtures.in_process import secret_of_new_key


@pytest.fixture
def path(program_id: UUID) -> str:
    return f"/v1/programs/{program_id}/suppressions"


NOOR = {"channel": "email", "address": "Noor@Example.com"}


async def test_an_address_is_suppressed_once_whatever_its_spelling(api: httpx.AsyncClient, path: str) -> None:
    added = await api.post(path, json=NOOR)
    assert added.status_code == 201, added.text
    assert (added.json()["address"], added.json()["reason"]) == ("noor@example.com", "manual")
    assert added.json()["source"] == "api:in process"
    again = await api.post(path, json={**NOOR, "address": "NOOR@example.com", "reason": "complaint"})
    assert again.json() == added.json()
    assert (await api.get(f"{path}/{added.json()['id']}")).json() == added.json()


async def test_suppressions_are_listed_by_channel_reason_and_address(
    api: httpx.AsyncClient, path: str
) -> None:
    mail = (await api.post(path, json=NOOR)).json()
    phone = {"channel": "sms", "address": "+34 612 345 678", "reason": "unsubscribe"}
    sms = (await api.post(path, json=phone)).json()
    assert sms["address"] == "+34612345678"

    async def found(**params: str) -> list[str]:
        return [row["id"] for row in (await api.get(path, params=params)).json()["data"]]

    assert await found() == [sms["id"], mail["id"]]
    assert await found(channel="email") == await found(reason="manual") == [mail["id"]]
    assert await found(channel="sms", address="+34612345678") == [sms["id"]]
    assert await found(channel="email", address="other@example.com") == []
    assert_refused(await api.get(path, params={"address": "noor@example.com"}), "channel")


async def test_a_suppression_is_lifted_once(api: httpx.AsyncClient, path: str) -> None:
    added = (await api.post(path, json=NOOR)).json()
    assert (await api.delete(f"{path}/{added['id']}")).status_code == 204
    assert (await api.delete(f"{path}/{added['id']}")).status_code == 404
    assert (await api.get(path)).json()["data"] == []


async def test_a_viewer_sees_addresses_masked_and_asks_for_none(
    api: httpx.AsyncClient, database: Database, path: str
) -> None:
    await api.post(path, json=NOOR)
    viewer = {"X-API-Key": await secret_of_new_key(database, Role.VIEWER)}
    assert (await api.get(path, headers=viewer)).json()["data"][0]["address"] == "n***@example.com"
    asked = await api.get(path, params=NOOR, headers=viewer)
    assert asked.status_code == 403


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"address": "nobody"}, "address"),
        ({"channel": "sms", "address": "12"}, "address"),
        ({"address": ""}, "address"),
        ({"reason": "because"}, "reason"),
        ({"source": "me"}, "source"),
    ],
)
async def test_a_wrong_one_is_refused_by_its_field(
    api: httpx.AsyncClient, path: str, fields: dict[str, str], field: str
) -> None:
    assert_refused(await api.post(path, json=NOOR | fields), field)


async def test_that_nothing_is_to_be_sent_to_them_outlives_whoever_is_erased(
    api: httpx.AsyncClient, path: str, program_id: UUID
) -> None:
    people = f"/v1/programs/{program_id}/participants"
    person = {"external_id": f"c-{uuid4()}", "email": "noor@example.com"}
    id_ = (await api.post(people, json=person)).json()["id"]
    kept = (await api.post(path, json=NOOR)).json()
    assert (await api.delete(f"{people}/{id_}")).status_code == 204
    (left,) = (await api.get(path)).json()["data"]
    assert left == kept | {"address": None}
    # Whoever comes back with the address is known again, by the hash.
    assert [row["id"] for row in (await api.get(path, params=NOOR)).json()["data"]] == [kept["id"]]
