"""Users over HTTP: made, changed and removed by admins."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.session_cookie import COOKIE
from domain.roles import Role
from store.database import Database
from store.user_sessions import begin_session
from tests.api.refusal import assert_refused
from tests.fixtures.in_process import secret_of_new_key
from tests.fixtures.users import LIFE, PASSWORD, new_user, token_of_new_user

USERS = "/v1/users"


async def client_of(api: httpx.AsyncClient, database: Database, user_id: UUID) -> httpx.AsyncClient:
    """A client of the same API that has logged in as this user."""
    async with database.transaction() as session:
        token, _ = await begin_session(session, user_id, LIFE, datetime.now(UTC))
    return httpx.AsyncClient(
        transport=api._transport, base_url=api.base_url, headers={"Cookie": f"{COOKIE}={token}"}
    )


async def made(api: httpx.AsyncClient, **fields: object) -> dict[str, Any]:
    answer = await api.post(USERS, json=new_user(**fields))
    assert answer.status_code == 201, answer.text
    user: dict[str, Any] = answer.json()
    return user


@pytest.fixture
async def program(api: httpx.AsyncClient) -> str:
    return str((await api.post("/v1/programs", json={"name": "Users"})).json()["id"])


@pytest.fixture
async def bound(api: httpx.AsyncClient, program: str) -> dict[str, str]:
    """What an admin of the program alone sends."""
    key = await api.post("/v1/api-keys", json={"name": "bound", "role": "admin", "program_id": program})
    return {"X-API-Key": key.json()["key"]}


async def test_a_user_is_shown_without_the_password(api: httpx.AsyncClient) -> None:
    answer = await api.post(USERS, json=new_user(email="  Ana.Lopez@Example.COM ", name="Ana", role="agent"))
    user = answer.json()
    assert set(user) == {"id", "email", "name", "role", "program_id", "created_at", "disabled_at"}
    assert (user["email"], user["name"], user["role"]) == ("ana.lopez@example.com", "Ana", "agent")
    assert (await api.get(f"{USERS}/{user['id']}")).json() == user
    listed = await api.get(USERS, params={"limit": 100})
    assert user in listed.json()["data"]
    assert "password" not in listed.text


async def test_an_address_is_taken_once_whatever_its_case(api: httpx.AsyncClient) -> None:
    user = await made(api)
    again = await api.post(USERS, json=new_user(email=user["email"].upper()))
    assert_refused(again, "email", 409, "conflict")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": None}, "email"),
        ({"name": ""}, "name"),
        ({"role": "owner"}, "role"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 257}, "password"),
        ({"password": "nul \0 nul nul"}, "password"),
        ({"program_id": str(uuid4())}, "program_id"),
        ({"admin": True}, "admin"),
    ],
)
async def test_what_is_wrong_names_its_field(
    api: httpx.AsyncClient, fields: dict[str, object], field: str
) -> None:
    answer = await api.post(USERS, json=new_user(**fields))
    details = assert_refused(answer, field)
    if field == "password":
        assert "received" not in details


async def test_a_change_touches_what_was_sent(api: httpx.AsyncClient, program: str) -> None:
    user = await made(api)
    path = f"{USERS}/{user['id']}"
    changed = (await api.patch(path, json={"role": "supervisor", "program_id": program})).json()
    assert changed == user | {"role": "supervisor", "program_id": program}
    assert (await api.patch(path, json={"program_id": None})).json()["program_id"] is None
    for field in ("name", "role", "disabled", "password"):
        assert_refused(await api.patch(path, json={field: None}), field)


async def test_a_disabled_user_is_logged_out_and_may_come_back(
    api: httpx.AsyncClient, database: Database
) -> None:
    async with database.transaction() as session:
        token = await token_of_new_user(session, Role.VIEWER, None)
    cookie = {"Cookie": f"carillon_session={token}"}
    transport = httpx.AsyncClient(transport=api._transport, base_url=api.base_url)
    me = (await transport.get("/auth/me", headers=cookie)).json()
    path = f"{USERS}/{me['id']}"
    first = (await api.patch(path, json={"disabled": True})).json()["disabled_at"]
    assert first is not None
    assert (await api.patch(path, json={"disabled": True})).json()["disabled_at"] == first
    assert (await transport.get("/auth/me", headers=cookie)).status_code == 401
    assert (await api.patch(path, json={"disabled": False})).json()["disabled_at"] is None
    assert (await transport.get("/auth/me", headers=cookie)).status_code == 401


async def test_a_password_that_an_admin_sets_ends_the_sessions(
    api: httpx.AsyncClient, database: Database
) -> None:
    async with database.transaction() as session:
        token = await token_of_new_user(session, Role.VIEWER, None)
    cookie = {"Cookie": f"carillon_session={token}"}
    other = httpx.AsyncClient(transport=api._transport, base_url=api.base_url)
    me = (await other.get("/auth/me", headers=cookie)).json()
    await api.patch(f"{USERS}/{me['id']}", json={"password": PASSWORD})
    assert (await other.get("/auth/me", headers=cookie)).status_code == 401
    body = {"email": me["email"], "password": PASSWORD}
    assert (await other.post("/auth/login", json=body)).status_code == 200


async def test_a_removed_user_is_gone(api: httpx.AsyncClient) -> None:
    path = f"{USERS}/{(await made(api))['id']}"
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert (await api.delete(path)).status_code == 404


async def test_an_admin_locks_nobody_out_by_locking_out_themselves(
    api: httpx.AsyncClient, database: Database
) -> None:
    async with database.transaction() as session:
        token = await token_of_new_user(session, Role.ADMIN, None)
    own = httpx.AsyncClient(
        transport=api._transport, base_url=api.base_url, headers={"Cookie": f"carillon_session={token}"}
    )
    path = f"{USERS}/{(await own.get('/auth/me')).json()['id']}"
    program = (await api.post("/v1/programs", json={"name": "Shop"})).json()
    for change in ({"disabled": True}, {"role": "viewer"}, {"program_id": program["id"]}):
        assert (await own.patch(path, json=change)).status_code == 409
    assert (await own.delete(path)).status_code == 409
    assert (await own.patch(path, json={"name": "Still here", "role": "admin"})).status_code == 200


async def test_nobody_changes_their_own_password_without_the_current_one(
    api: httpx.AsyncClient, database: Database
) -> None:
    user = await made(api, role="admin")
    own = await client_of(api, database, UUID(user["id"]))
    path = f"{USERS}/{user['id']}"
    answer = await own.patch(path, json={"name": "Mallory", "password": "staple of another kind"})
    details = assert_refused(answer, "password", 409, "conflict")
    assert "POST /auth/password" in details["expected"]
    assert (await own.get(path)).json() == user
    change = {"current_password": PASSWORD, "new_password": "staple of another kind"}
    assert (await own.post("/auth/password", json=change)).status_code == 204
    assert (await api.patch(path, json={"password": PASSWORD})).status_code == 200


async def test_an_admin_bound_to_a_program_manages_users_of_that_program_only(
    api: httpx.AsyncClient, program: str, bound: dict[str, str]
) -> None:
    anybody = httpx.AsyncClient(transport=api._transport, base_url=api.base_url, headers=bound)
    foreign = await made(api)
    own = await anybody.post(USERS, json=new_user())
    assert own.json()["program_id"] == program
    assert [user["id"] for user in (await anybody.get(USERS)).json()["data"]] == [own.json()["id"]]
    for method in ("GET", "PATCH", "DELETE"):
        body = {} if method == "PATCH" else None
        answer = await anybody.request(method, f"{USERS}/{foreign['id']}", json=body)
        assert answer.status_code == 404
    elsewhere = (await api.post("/v1/programs", json={"name": "Elsewhere"})).json()["id"]
    for program_id in (elsewhere, None):
        moved = await anybody.patch(f"{USERS}/{own.json()['id']}", json={"program_id": program_id})
        assert moved.status_code == 403


async def test_whoever_is_no_admin_manages_nobody(api: httpx.AsyncClient, database: Database) -> None:
    headers = {"X-API-Key": await secret_of_new_key(database, Role.SUPERVISOR)}
    assert (await api.get(USERS, headers=headers)).status_code == 403
