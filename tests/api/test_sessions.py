"""People log in, stay logged in, and are logged out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from argon2 import PasswordHasher
from sqlmodel import col, update

from api.session_cookie import COOKIE
from domain.login_limits import PER_ACCOUNT, WINDOW, account_subject
from store.database import Database
from store.login_attempts import begin_attempt
from store.passwords import is_outdated
from store.tables import LoginAttempt, User, UserSession
from tests.fixtures.in_process import api_in_process
from tests.fixtures.users import PASSWORD, new_user

WRONG = "wrong horse battery staple"


@pytest.fixture(scope="module")
async def anybody(api: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of the same API that has no key; each request says itself what it brings."""
    return httpx.AsyncClient(transport=api._transport, base_url=api.base_url)


@pytest.fixture(autouse=True)
async def nobody_has_tried(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM login_attempt")


async def made(api: httpx.AsyncClient, **fields: object) -> dict[str, Any]:
    answer = await api.post("/v1/users", json=new_user(**fields))
    assert answer.status_code == 201, answer.text
    user: dict[str, Any] = answer.json()
    return user


async def log_in(
    client: httpx.AsyncClient, email: str, password: str = PASSWORD, **headers: str
) -> httpx.Response:
    client.cookies.clear()
    answer = await client.post("/auth/login", json={"email": email, "password": password}, headers=headers)
    client.cookies.clear()
    return answer


async def session_of(client: httpx.AsyncClient, email: str, password: str = PASSWORD) -> dict[str, str]:
    """The header that a browser sends from then on."""
    answer = await log_in(client, email, password)
    assert answer.status_code == 200, answer.text
    return {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}


async def test_who_logs_in_is_told_who_they_are_and_may_do_what_their_role_may(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    user = await made(api, role="supervisor", name="Ana")
    answer = await log_in(anybody, user["email"].upper())
    told = answer.json()
    assert (told["kind"], told["id"], told["name"], told["email"]) == (
        "user",
        user["id"],
        "Ana",
        user["email"],
    )
    assert told["scopes"] == ["automations.read", "automations.write"]
    session = {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}
    assert (await anybody.get("/auth/me", headers=session)).json() == told
    created = await anybody.post("/v1/programs", json={"name": "Ana's"}, headers=session)
    assert created.status_code == 201
    assert (await anybody.get("/v1/users", headers=session)).status_code == 403


async def test_a_key_is_told_who_it_is_too(api: httpx.AsyncClient) -> None:
    told = (await api.get("/auth/me")).json()
    assert (told["kind"], told["role"], told["email"], told["expires_at"]) == ("api_key", "admin", None, None)


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    cookie = (await log_in(anybody, (await made(api))["email"])).headers["Set-Cookie"]
    attributes = {part.strip().partition("=")[0].lower() for part in cookie.split(";")}
    assert {"httponly", "path", "samesite"} <= attributes
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in attributes


@pytest.mark.parametrize(
    ("base", "settings"),
    [("https://carillon", {}), ("http://carillon", {"public_url": "https://hello.example"})],
)
async def test_the_cookie_travels_by_tls_alone_where_people_come_by_tls(
    database_url: str, api: httpx.AsyncClient, base: str, settings: dict[str, str]
) -> None:
    user = await made(api)
    async with api_in_process(database_url, **settings) as client:
        client.base_url = httpx.URL(base)
        answer = await log_in(client, user["email"])
    assert "secure" in answer.headers["Set-Cookie"].lower().split("; ")


async def test_the_token_is_kept_nowhere(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient, database: Database
) -> None:
    user = await made(api)
    session = await session_of(anybody, user["email"])
    token = session["Cookie"].partition("=")[2]
    async with database.engine.connect() as connection:
        for table in ("user_session", "app_user", "login_attempt"):
            rows = await connection.exec_driver_sql(f"SELECT row_to_json({table})::text FROM {table}")  # noqa: S608
            told = "\n".join(row for (row,) in rows)
            assert token not in told
            assert PASSWORD not in told


async def test_unknown_people_wrong_passwords_and_disabled_users_get_the_same_answer(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    known, disabled = await made(api), await made(api)
    await api.patch(f"/v1/users/{disabled['id']}", json={"disabled": True})
    answers = [
        await log_in(anybody, known["email"], WRONG),
        await log_in(anybody, disabled["email"]),
        await log_in(anybody, "nobody@example.com"),
        await log_in(anybody, "no address"),
    ]
    assert all(PASSWORD not in answer.text and WRONG not in answer.text for answer in answers)
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert not any("Set-Cookie" in answer.headers for answer in answers)


async def test_a_password_is_checked_even_for_an_unknown_person(
    anybody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    import api.login_service as service

    asked: list[str | None] = []

    def watched(password: str, hashed: str | None) -> bool:
        asked.append(hashed)
        return is_password(password, hashed)

    is_password = service.is_password
    monkeypatch.setattr(service, "is_password", watched)
    await log_in(anybody, "nobody@example.com")
    assert asked == [None]


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> int:
    """How many an account has: fewer than outside, as each takes a while."""
    monkeypatch.setattr("domain.login_limits.PER_ACCOUNT", 3)
    return 3


async def test_after_so_many_wrong_passwords_the_right_one_must_wait_too(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient, database: Database, attempts: int
) -> None:
    user = await made(api)
    for _ in range(attempts):
        assert (await log_in(anybody, user["email"], WRONG)).status_code == 401
    refused = await log_in(anybody, user["email"])
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW.total_seconds()
    async with database.transaction() as session:
        await session.execute(update(LoginAttempt).values(at=datetime.now(UTC) - WINDOW))
    assert (await log_in(anybody, user["email"])).status_code == 200


async def test_an_account_that_nobody_has_is_limited_alike(anybody: httpx.AsyncClient, attempts: int) -> None:
    for _ in range(attempts):
        await log_in(anybody, "nobody@example.com")
    assert (await log_in(anybody, "nobody@example.com")).status_code == 429


async def test_attempts_at_many_accounts_from_one_address_are_limited(
    anybody: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.login_limits.PER_ADDRESS", 3)
    for number in range(3):
        assert (await log_in(anybody, f"nobody-{number}@example.com")).status_code == 401
    assert (await log_in(anybody, "somebody@example.com")).status_code == 429


async def test_a_burst_of_attempts_does_not_get_past_the_limit(database: Database) -> None:
    subject = account_subject("burst@example.com")
    now = datetime.now(UTC)

    async def attempt() -> bool:
        async with database.transaction() as session:
            return await begin_attempt(session, [subject], now) is None

    passed = await asyncio.gather(*(attempt() for _ in range(PER_ACCOUNT + 5)))
    assert sum(passed) == PER_ACCOUNT


async def test_a_login_forgives_the_attempts_before_it(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient, attempts: int
) -> None:
    user = await made(api)
    for _ in range(2):
        for _ in range(attempts - 1):
            assert (await log_in(anybody, user["email"], WRONG)).status_code == 401
        assert (await log_in(anybody, user["email"])).status_code == 200


async def test_a_password_of_weaker_days_is_hashed_anew_at_the_next_login(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient, database: Database
) -> None:
    user = await made(api)
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    async with database.transaction() as session:
        await session.execute(update(User).where(col(User.id) == UUID(user["id"])).values(password_hash=weak))
    assert (await log_in(anybody, user["email"])).status_code == 200
    async with database.transaction() as session:
        assert not is_outdated((await session.get_one(User, UUID(user["id"]))).password_hash)
    assert (await log_in(anybody, user["email"])).status_code == 200


async def test_who_logs_out_is_out(api: httpx.AsyncClient, anybody: httpx.AsyncClient) -> None:
    session = await session_of(anybody, (await made(api))["email"])
    answer = await anybody.post("/auth/logout", headers=session)
    assert answer.status_code == 204
    assert f'{COOKIE}=""' in answer.headers["Set-Cookie"]
    assert (await anybody.get("/auth/me", headers=session)).status_code == 401
    assert (await anybody.post("/auth/logout", headers=session)).status_code == 204


@pytest.mark.parametrize("ended", ["expires_at", "last_seen_at"])
async def test_a_session_ends_when_it_is_old_or_not_used(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient, database: Database, ended: str
) -> None:
    user = await made(api)
    session = await session_of(anybody, user["email"])
    assert (await anybody.get("/auth/me", headers=session)).status_code == 200
    long_ago = datetime.now(UTC) - timedelta(days=1)
    async with database.transaction() as transaction:
        mine = update(UserSession).where(col(UserSession.user_id) == user["id"])
        await transaction.execute(mine.values({ended: long_ago}))
    assert (await anybody.get("/auth/me", headers=session)).status_code == 401


async def test_a_session_that_is_used_goes_on(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient, database: Database
) -> None:
    user = await made(api)
    session = await session_of(anybody, user["email"])
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    mine = col(UserSession.user_id) == user["id"]
    async with database.transaction() as transaction:
        await transaction.execute(update(UserSession).where(mine).values(last_seen_at=an_hour_ago))
    assert (await anybody.get("/auth/me", headers=session)).status_code == 200
    async with database.engine.connect() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT last_seen_at FROM user_session WHERE user_id = %s", (user["id"],)
        )
        assert rows.scalar_one() > an_hour_ago + timedelta(minutes=30)


async def test_a_new_password_ends_the_other_sessions(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient
) -> None:
    email = (await made(api))["email"]
    here, elsewhere = await session_of(anybody, email), await session_of(anybody, email)
    change = {"current_password": PASSWORD, "new_password": "another horse altogether"}
    assert (await anybody.post("/auth/password", json=change, headers=here)).status_code == 204
    assert (await anybody.get("/auth/me", headers=here)).status_code == 200
    assert (await anybody.get("/auth/me", headers=elsewhere)).status_code == 401
    assert (await log_in(anybody, email)).status_code == 401
    assert (await log_in(anybody, email, "another horse altogether")).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"current_password": WRONG, "new_password": PASSWORD}, "current_password"),
        ({"current_password": PASSWORD, "new_password": "short"}, "new_password"),
        ({"current_password": PASSWORD, "new_password": "x" * 257}, "new_password"),
    ],
)
async def test_a_password_that_cannot_be_changed_stays(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient, change: dict[str, str], field: str
) -> None:
    email = (await made(api))["email"]
    session = await session_of(anybody, email)
    answer = await anybody.post("/auth/password", json=change, headers=session)
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, field)
    assert (await log_in(anybody, email)).status_code == 200


async def test_a_key_has_no_password_to_change(api: httpx.AsyncClient) -> None:
    change = {"current_password": PASSWORD, "new_password": PASSWORD}
    assert (await api.post("/auth/password", json=change)).status_code == 403


CROSS_SITE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://carillon"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://carillon.evil.example"},
    {"Origin": "http://carillon:8080"},
    {"Origin": "http://[carillon"},
]
OWN_SITE = [
    {},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://carillon"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://front.example"},
]


@pytest.fixture(scope="module")
async def ana(api: httpx.AsyncClient, anybody: httpx.AsyncClient) -> dict[str, str]:
    """The session of a supervisor."""
    return await session_of(anybody, (await made(api, role="supervisor"))["email"])


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
async def test_a_page_of_another_site_changes_nothing_with_the_cookie(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient, ana: dict[str, str], headers: dict[str, str]
) -> None:
    for path, body in (
        ("/v1/programs", {"name": "forged"}),
        ("/auth/logout", None),
        ("/auth/password", {"current_password": PASSWORD, "new_password": PASSWORD}),
    ):
        answer = await anybody.post(path, json=body, headers=ana | headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
    assert (await anybody.get("/auth/me", headers=ana | headers)).status_code == 200


@pytest.mark.parametrize("headers", OWN_SITE, ids=str)
async def test_a_page_of_its_own_and_a_program_may(
    anybody: httpx.AsyncClient, ana: dict[str, str], headers: dict[str, str]
) -> None:
    answer = await anybody.post("/v1/programs", json={"name": "own"}, headers=ana | headers)
    assert answer.status_code == 201


@pytest.mark.parametrize("headers", CROSS_SITE, ids=str)
async def test_a_page_of_another_site_logs_nobody_in(
    api: httpx.AsyncClient, anybody: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    body = {"email": "somebody@example.com", "password": PASSWORD}
    answer = await anybody.post("/auth/login", json=body, headers=headers)
    assert answer.status_code == 403


async def test_a_key_is_good_from_any_site(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/programs", json={"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 201


async def test_a_key_that_is_sent_counts_and_the_cookie_does_not(
    anybody: httpx.AsyncClient, ana: dict[str, str]
) -> None:
    assert (await anybody.get("/auth/me", headers=ana | {"X-API-Key": "wrong"})).status_code == 401


@pytest.fixture(scope="module")
async def behind_a_proxy(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """An API that people reach under another name than the proxy calls it by."""
    async with api_in_process(database_url, public_url="https://hello.example") as client:
        yield client


async def test_the_public_address_counts_as_its_own(
    behind_a_proxy: httpx.AsyncClient, ana: dict[str, str]
) -> None:
    for origin, status in (("https://hello.example", 201), ("https://evil.example", 403)):
        answer = await behind_a_proxy.post(
            "/v1/programs", json={"name": "own"}, headers=ana | {"Origin": origin}
        )
        assert answer.status_code == status
